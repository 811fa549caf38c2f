package simulator

// contentRoutes serve what belongs to single conversations, and files.
func (s *Server) contentRoutes() []route { return nil }

var contentHoldings []holding
