package simulator

import "slices"

// contentRoutes serve what belongs to single conversations, and files.
func (s *Server) contentRoutes() []route {
	return slices.Concat(s.belongingRoutes(), s.evaluationRoutes(), s.orphanRoutes(), s.configFileRoutes(), s.assetRoutes(), []route{
		{"POST " + apiBase + bulkMessages, []string{"conversation:message:view", "conversation:webmessaging:view"}, s.bulkMessages},
		{"GET " + apiBase + retentionQuery, []string{mayView}, s.queryRetention},
		{"PUT " + apiBase + deletionProtection, []string{mayProtect, mayRelease}, s.protectConversations},
		{"PUT " + apiBase + "conversations/{conversationId}/recordings/{recordingId}", []string{mayView, mayEdit, mayEditScreen}, s.changeRecording},
	})
}

var contentHoldings = slices.Concat(belongingHoldings(), evaluationHoldings, orphanHoldings, configFileHoldings, assetHoldings,
	[]holding{held(bulkMessages, messages), retentionHolding})
