package simulator

// exportRoutes serve export jobs.
func (s *Server) exportRoutes() []route { return nil }

var exportHoldings []holding
