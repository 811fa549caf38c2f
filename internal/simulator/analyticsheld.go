package simulator

import "slices"

// analyticsRoutes serve aggregates, users details, data extraction, audits and usage.
func (s *Server) analyticsRoutes() []route {
	return slices.Concat(s.aggregateRoutes(), s.userDetailsRoutes())
}

var analyticsHoldings = []holding{
	{usersDetails, eachUserDay}, // Parent: the UTC day
}
