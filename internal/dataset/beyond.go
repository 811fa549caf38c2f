package dataset

import "exitplan/internal/genesys"

// Where paths, permissions and shapes are stated that the API definition which we
// hold leaves out. Should it have one of them after all, the test says so.
const commandLine = "MyPureCloud/platform-client-sdk-cli, build/gc/cmd"

// outside are the datasets of paths that the definition leaves out.
var outside = []listing{
	{name: "authorization.roles.grants", path: "/api/v2/authorization/roles/{roleId}/subjectgrants", parent: "authorization.roles",
		permissions: []string{"authorization:role:view"}, about: "Who was granted each role, in which divisions"},
	{name: "authorization.users.grants", path: "/api/v2/authorization/subjects/{subjectId}", style: genesys.Single, parent: "directory.users",
		permissions: []string{"authorization:grant:view"}, about: "What each user was granted"},
	{name: "outbound.schedules.campaigns", path: "/api/v2/outbound/schedules/campaigns", style: genesys.Unpaged, array: genesys.Bare,
		permissions: []string{"outbound:schedule:view"}, about: "Schedules of campaigns"},
	{name: "routing.sms.addresses", path: "/api/v2/routing/sms/addresses",
		permissions: []string{"sms:phoneNumber:view"}, about: "Addresses registered for SMS phone numbers"},
	{name: "workforcemanagement.businessunits", path: "/api/v2/workforcemanagement/businessunits", style: genesys.Unpaged,
		about: "Business units of workforce management"},
	{name: "workforcemanagement.activitycodes", path: "/api/v2/workforcemanagement/businessunits/{businessUnitId}/activitycodes", style: genesys.Unpaged, parent: "workforcemanagement.businessunits",
		permissions: []string{"wfm:activityCode:view"}, about: "Activity codes of each business unit"},
	{name: "workforcemanagement.planninggroups", path: "/api/v2/workforcemanagement/businessunits/{businessUnitId}/planninggroups", style: genesys.Unpaged, parent: "workforcemanagement.businessunits",
		permissions: []string{"wfm:planningGroup:view"}, about: "Planning groups of each business unit"},
	{name: "workforcemanagement.servicegoaltemplates", path: "/api/v2/workforcemanagement/businessunits/{businessUnitId}/servicegoaltemplates", style: genesys.Unpaged, parent: "workforcemanagement.businessunits",
		permissions: []string{"wfm:serviceGoalTemplate:view"}, about: "Service goal templates of each business unit"},
	{name: "workforcemanagement.businessunits.managementunits", path: "/api/v2/workforcemanagement/businessunits/{businessUnitId}/managementunits", style: genesys.Unpaged, parent: "workforcemanagement.businessunits",
		about: "Management units of each business unit"},
	{name: "workforcemanagement.managementunits", path: "/api/v2/workforcemanagement/managementunits", style: genesys.Unpaged,
		about: "Management units"},
	{name: "workforcemanagement.agents", path: "/api/v2/workforcemanagement/managementunits/{managementUnitId}/users", style: genesys.Unpaged, parent: "workforcemanagement.managementunits",
		permissions: []string{"wfm:agent:view"}, about: "The agents of each management unit"},
	{name: "workforcemanagement.workplans", path: "/api/v2/workforcemanagement/managementunits/{managementUnitId}/workplans", style: genesys.Unpaged, parent: "workforcemanagement.managementunits",
		permissions: []string{"wfm:workPlan:view"}, about: "Work plans of each management unit"},
	{name: "workforcemanagement.timeofflimits", path: "/api/v2/workforcemanagement/managementunits/{managementUnitId}/timeofflimits", style: genesys.Unpaged, parent: "workforcemanagement.managementunits",
		permissions: []string{"wfm:timeOffLimit:view"}, about: "Time-off limits of each management unit"},
}

func init() {
	for i := range outside {
		outside[i].beyond = commandLine
	}
}
