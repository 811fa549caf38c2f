package simulator

import "slices"

// contentRoutes serve what belongs to single conversations, and files.
func (s *Server) contentRoutes() []route {
	return slices.Concat(s.belongingRoutes(), s.evaluationRoutes(), s.orphanRoutes(), s.configFileRoutes(), s.assetRoutes(), []route{
		{"POST " + apiBase + bulkMessages, []string{"conversation:message:view", "conversation:webmessaging:view"}, s.bulkMessages},
		{"GET " + apiBase + retentionQuery, []string{"recording:recording:view"}, s.queryRetention},
	})
}

var contentHoldings = slices.Concat(belongingHoldings(), evaluationHoldings, orphanHoldings, configFileHoldings, assetHoldings,
	[]holding{held(bulkMessages, messages), retentionHolding})
