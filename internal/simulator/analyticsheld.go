package simulator

// analyticsRoutes serve aggregates, users details, data extraction, audits and usage.
func (s *Server) analyticsRoutes() []route {
	return s.aggregateRoutes()
}

var analyticsHoldings []holding
