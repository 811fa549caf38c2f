package simulator

import "slices"

// analyticsRoutes serve aggregates, users details, data extraction, audits and usage.
func (s *Server) analyticsRoutes() []route {
	return slices.Concat(s.aggregateRoutes(), s.userDetailsRoutes(), s.extractionRoutes(), s.auditRoutes(), s.usageRoutes())
}

var analyticsHoldings = []holding{
	{usersDetails, eachUserDay}, // Parent: the UTC day
	{extractionMetadata, eachExtraction},
	{extractionBulk, eachExtractionFile}, // Parent: the file's id; without signedUrl
	{auditServices, eachAuditedService},
	{auditsQuery, eachAudit}, // Parent: the service's name
	{interactionAudits, eachInteractionAudit},
	{usageQueryPath, eachUsage}, // by client, path, method and day
	{usageJobs, eachUsageOfPlatforms},
	{usageEvents, eachUsageEvent},
	{billableUsage, eachBilled}, // resources; Parent: what is billed
	{dataRetention, eachRetention},
}
