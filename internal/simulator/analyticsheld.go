package simulator

// analyticsRoutes serve aggregates, users details, data extraction, audits and usage.
func (s *Server) analyticsRoutes() []route { return nil }

var analyticsHoldings []holding
