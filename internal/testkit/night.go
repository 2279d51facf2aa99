package testkit

// Night are error texts of the eight root causes of Atlassian's article, as Jira's log has them:
// a night on which eight integrations fail.
var Night = []string{
	"AADSTS50194: Application '79c86cf8-e761-4fdc-bc20-a629c5d04260'(Jira Mail) is not configured as a multi-tenant application. Usage of the " +
		"/common endpoint is not supported for such apps created after '10/15/2018'. Use a tenant-specific endpoint or configure the application " +
		"to be multi-tenant.",
	RefusedSecret,
	"AADSTS50011: The redirect URI 'https://jira.example.com/rest/oauth2-client/latest/callback' specified in the request does not match the " +
		"redirect URIs configured for the application '79c86cf8-e761-4fdc-bc20-a629c5d04260'.",
	"java.net.UnknownHostException: login.microsoftonline.com",
	"AADSTS65001: The user or administrator has not consented to use the application with ID '79c86cf8-e761-4fdc-bc20-a629c5d04260' named " +
		"'Jira Mail'. Send an interactive authorization request for this user and resource.",
	"AADSTS500011: The resource principal named https://outlook.office365.us was not found in the tenant named Contoso.",
	"AADSTS28000: Provided value for the input parameter scope is not valid because it contains more than one resource. Scope " +
		"https://outlook.office.com/IMAP.AccessAsUser.All https://graph.microsoft.com/Mail.Send offline_access is not valid.",
	"javax.net.ssl.SSLHandshakeException: PKIX path building failed: sun.security.provider.certpath.SunCertPathBuilderException: unable to " +
		"find valid certification path to requested target",
}
