package main

import "strings"

// entry is an ordinary event, and how often it comes.
type entry struct {
	weight int
	text   string
}

// request is the header of an event of a request.
func request(level string) string {
	return "{date} http-nio-8080-exec-{n200} " + level + " {user} {request} {session} {address} {path} "
}

// named is the header of an event whose thread carries the request's URL.
func named(level string) string {
	return "{date} http-nio-8080-exec-{n200} url: {path}; user: {user} " + level + " {user} {request} {session} {address} {path} "
}

// entries are what the log of a Jira 8 to 10 is made of.
var entries = []entry{
	{60, "{date} Caesium-1-{n4} INFO ServiceRunner     [c.a.j.p.h.service.HealthCheckSchedulerImpl] Health check {n40} ran in {n900} ms\n"},
	{40, "{date} HealthCheck:thread-{n8} WARN ServiceRunner     [c.a.t.j.healthcheck.support.GcHealthCheck] Support Tools health check: garbage collection took {n9} % of the last hour\n"},
	{90, request("INFO") + "[c.a.j.p.e.bootstrap.InstanceTopologyLogger] Took {n1000} ms\n"},
	{70, request("INFO") + "[c.a.j.web.action.issue.ViewIssue] Viewed issue {key} with {n200} comments in {n900} ms\n"},
	{60, named("INFO") + "[c.a.j.issue.search.providers.LuceneSearchProvider] Query {'project = {key} ORDER BY created DESC'} returned {n9000} of {n90000} issues\n"},
	{60, request("DEBUG") + "[c.a.j.security.login.LoginManagerImpl] {user} has passed authentication: elevated check required = false\n"},
	{50, request("WARN") + "[c.a.j.issue.search.QueryLimiter] Query took {n5000} ms and was cut off at 1,000 of {n90000} issues: project in (OPS, ABC, WEB) and updated > -{n30}d\n"},
	{40, "{date} IssueIndexer:thread-{n9} INFO      [c.a.j.index.ha.DefaultNodeReindexService] [INDEX-REPLAY] Replayed {n40} operations of node{n4}, the newest is {n9} s old\n"},
	{40, "{date} localq-reader-{n9} INFO      [c.a.j.c.distribution.localq.LocalQCacheManager] [LOCALQ] [VIA-COPY] Checked {n50} queues for {n4} nodes: all are empty\n"},
	{30, "{date} Caesium-1-{n4} INFO ServiceRunner     [c.a.mail.queue.MailQueueImpl] {n9} mails were sent, {n3} are waiting, 0 could not be sent\n"},
	{30, "{date} Caesium-1-{n4} DEBUG ServiceRunner     [c.a.mail.incoming.mailfetcherservice] Project OPS[{n9000}]: found {n9} messages to process of {n50} in the inbox support@example.com\n"},
	{30, request("INFO") + "[c.a.j.rest.v2.search.SearchResource] access {address} {user} {request} GET {path} HTTP/1.1 200 {n90000} {n900} \"Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36\"\n"},
	{20, "{date} plugin-transaction-{n9} WARN anonymous   127.0.0.1  [c.a.j.p.webhooks.WebHookPublisher] Delivery of jira:issue_updated for {key} to hook {n90} took {n9000} ms\n"},
	{15, request("ERROR") + "[c.a.j.login.LoginManagerImpl] Login failed for an unknown user, {n20} attempts\n"},
	{12, request("ERROR") + "[c.a.p.r.c.error.jersey.ThrowableExceptionMapper] Uncaught exception thrown by REST service: {key}\njava.lang.IllegalStateException: issue {key} has no index entry\n" + trace(24)},
	{10, "{date} Caesium-1-{n4} WARN ServiceRunner     [c.a.j.service.services.DebugService] The service was late\njava.util.concurrent.RejectedExecutionException: queue is full\n" + trace(14) + "Caused by: java.lang.OutOfMemoryError: unable to create new native thread\n" + trace(9) + "\t... 12 more\n"},
	{8, request("WARN") + "[c.a.a.core.auth.AuthenticationContextProvider] Cannot reach the application link\norg.apache.http.conn.HttpHostConnectException: Connect to bitbucket.example.com:7999 failed: Connection refused\n" + trace(30) + "Caused by: java.net.ConnectException: Connection refused (Connection refused)\n" + trace(11) + "\t... 38 more\n"},
	{3, "{date} JIRA-Bootstrap INFO      [c.a.jira.startup.JiraStartupLogger]\n\n    ___ Modifications ____________________________\n\n         Modified Files                                : jira-application.properties\n         Removed Files                                 : None\n\n    ___ Memory Usage _____________________________\n\n         Used memory (MB)                              : {n4000}\n         Total memory (MB)                             : 4096\n"},
}

const nearEvery = 6007

// near resemble the flow: its words in other fields, its fields at other levels. One
// event in nearEvery is one of them.
var near = []template{
	parse(request("ERROR") + "[c.a.crowd.directory.DbCachingRemoteDirectory] failed synchronisation: javax.net.ssl.SSLHandshakeException: PKIX path building failed: unable to find valid certification path to requested target\n"),
	parse(request("INFO") + "[c.a.j.web.action.issue.CreateIssue] Created {key}: AADSTS7000215 Invalid client secret provided, mail does not come\n"),
	parse("{date} http-nio-8080-exec-{n200} DEBUG {user} {request} {session} {address} /rest/oauth2-client/latest/config/flow/{guid} [c.a.o.c.lib.DefaultClientTokenStore] flow state was stored\n"),
}

// provider are events of Jira as an OAuth 2.0 provider (incoming links): they
// name oauth2 and have nothing to do with mail.
var provider = []template{
	parse("{date} http-nio-8080-exec-{n200} INFO anonymous {request} {session} {address} /rest/oauth2/latest/token [c.a.oauth2.provider.rest.resource.TokenEndpoint] Issued a token in {n90} ms\n"),
	parse("{date} http-nio-8080-exec-{n200} url: /rest/oauth2/latest/token; user: anonymous WARN anonymous {request} {session} {address} /rest/oauth2/latest/token [c.a.oauth2.provider.core.token.DefaultTokenService] Refused a refresh token\n"),
	parse(request("DEBUG") + "[c.a.oauth2.common.web.loopsprevention.RedirectsLoopPreventer] Redirect to https://login.example.com/oauth2/v2.0/authorize?client_id={n9000}\n"),
	parse(request("WARN") + "[c.a.p.r.c.error.jersey.ThrowableExceptionMapper] Uncaught exception\njava.lang.IllegalStateException: no such client\n\tat com.atlassian.oauth2.provider.core.token.DefaultTokenService.find(DefaultTokenService.java:{n900})\n"),
}

// paths are requests.
var paths = []string{
	"/rest/api/2/search", "/secure/Dashboard.jspa", "/rest/api/2/issue/ABC-1204", "/browse/OPS-77", "/rest/greenhopper/1.0/xboard/work/allData.json",
	"/secure/AjaxIssueAction!default.jspa", "/rest/gadget/1.0/issueTable/jql", "/rest/webResources/1.0/resources", "/rest/api/2/user/picker",
	"/rest/servicedesk/1/customer/models",
	"/rest/analytics/1.0/publish/bulk", "/plugins/servlet/gadgets/ifr", "/secure/QuickCreateIssue.jspa", "/rest/activity-stream/1.0/url",
	"/rest/dev-status/1.0/issue/detail",
}

var projects = []string{"ABC", "OPS", "WEB", "MAIL", "HR", "DESK"}

// frames are lines of stack traces.
var frames = strings.Split(`com.atlassian.jira.issue.index.DefaultIndexManager.reIndexIssueObjects(DefaultIndexManager.java:{n900})
com.atlassian.jira.issue.index.DefaultIndexManager$1.doWithSearcher(DefaultIndexManager.java:{n900})
com.atlassian.jira.rest.v2.issue.IssueResource.getIssue(IssueResource.java:{n900})
sun.reflect.GeneratedMethodAccessor{n900}.invoke(Unknown Source)
java.base/jdk.internal.reflect.DelegatingMethodAccessorImpl.invoke(DelegatingMethodAccessorImpl.java:43)
java.base/java.lang.reflect.Method.invoke(Method.java:566)
com.atlassian.plugins.rest.common.interceptor.impl.DispatchProviderHelper$ResponseOutInvoker$1.invoke(DispatchProviderHelper.java:175)
com.sun.jersey.server.impl.uri.rules.HttpMethodRule.accept(HttpMethodRule.java:302)
com.atlassian.jira.security.JiraSecurityFilter.lambda$doFilter$0(JiraSecurityFilter.java:66)
org.apache.catalina.core.ApplicationFilterChain.internalDoFilter(ApplicationFilterChain.java:193)
org.apache.catalina.core.ApplicationFilterChain.doFilter(ApplicationFilterChain.java:166)
com.atlassian.web.servlet.plugin.request.RedirectInterceptingFilter.doFilter(RedirectInterceptingFilter.java:21)
java.base/java.util.concurrent.ThreadPoolExecutor.runWorker(ThreadPoolExecutor.java:1128)
java.base/java.lang.Thread.run(Thread.java:829)`, "\n")

// trace is a stack trace of n lines.
func trace(n int) string {
	var b strings.Builder
	for i := range n {
		b.WriteString("\tat " + frames[i*5%len(frames)] + "\n")
	}
	return b.String()
}

// ordinary are the entries ready to be filled; pick has each as often as it
// comes.
var ordinary, pick = prepare()

func prepare() (all []template, pick []int) {
	for i, e := range entries {
		all = append(all, parse(e.text))
		for range e.weight {
			pick = append(pick, i)
		}
	}
	return all, pick
}
