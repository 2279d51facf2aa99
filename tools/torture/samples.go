package main

import (
	"fmt"
	"time"
)

// ordinary are entries of Jira that are no failures of the flow.
var ordinary = []string{
	"2026-01-02 10:00:00,001+0000 Caesium-1-2 INFO ServiceRunner     [c.a.j.p.h.service.HealthCheckSchedulerImpl] Health check ran in 12 ms\n",
	"2026-01-02 10:00:00,017+0000 http-nio-8080-exec-3 INFO admin 600x41x1 4eic3i 10.0.0.1 /secure/Dashboard.jspa [c.a.jira.gadgets.DashboardLoader] Dashboard 10000 was loaded with 7 gadgets for the user in 31 ms\n",
	"2026-01-02 10:00:00,020+0000 http-nio-8080-exec-12 WARN jdoe 600x42x2 1x9zq4 10.0.0.7,127.0.0.1 /rest/api/2/search [c.a.j.issue.search.QueryLimiter] Query took 2,310 ms and returned 1,000 of 18,211 issues\n",
	"2026-01-02 10:00:00,104+0000 IssueIndexer:thread-2 INFO      [c.a.j.index.ha.ReplicatedIndex] Replayed 14 operations of node2, the newest is 1 s old\n",
	"2026-01-02 10:00:00,230+0000 http-nio-8080-exec-9 ERROR anonymous 600x43x1 - 10.0.0.9 /rest/auth/1/session [c.a.jira.login.LoginManagerImpl] Login failed for an unknown user\n",
	"2026-01-02 10:00:00,311+0000 Caesium-1-4 INFO ServiceRunner     [c.a.mail.queue.MailQueueImpl] 3 mails were sent, 0 are waiting, 0 could not be sent\n",
	"2026-01-02 10:00:00,502+0000 Caesium-1-1 WARN ServiceRunner     [c.a.j.service.services.DebugService] The service was late\njava.lang.IllegalStateException: late\n\tat com.atlassian.jira.service.JiraServiceContainerImpl.run(JiraServiceContainerImpl.java:68)\n\tat com.atlassian.jira.service.ServiceRunner.runService(ServiceRunner.java:47)\n\tat java.base/java.lang.Thread.run(Thread.java:840)\n",
	"2026-01-02 10:00:00,733+0000 http-nio-8080-exec-5 INFO asmith 600x44x1 8ahh2m 10.0.0.4 /browse/OPS-1204 [c.a.j.web.action.issue.ViewIssue] Viewed issue OPS-1204 with 112 comments\n",
}

// failure is failure n of the flow, as Jira logs it, in one integration's own flow.
func failure(n int) string {
	id := fmt.Sprintf("%08d-aaaa-4bbb-8ccc-%012d", n, n)
	at := time.Now().UTC().Format("2006-01-02 15:04:05,000")
	return at + "+0000 http-nio-8080-exec-7 ERROR admin 600x7x1 4eic3i 10.0.0.1 /rest/oauth2-client/latest/config/flow/" + id +
		" [c.a.o.c.rest.resource.ClientConfigurationResource] Error occurred while authorizing an integration. The error message is: " +
		"AADSTS7000215: Invalid client secret provided. Trace ID: 15582ef9-f50c-49d2-bbea-ed98debc4d00 Correlation ID: b56ef91f-c6af-4026-8226-7ec6ed7e5589 Timestamp: 2026-01-02 10:00:00Z\n"
}
