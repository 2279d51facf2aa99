package testkit

import (
	"fmt"
	"time"
)

// Begin is when the logs of tests begin.
var Begin = time.Date(2026, 1, 2, 10, 0, 0, 0, time.UTC)

// Ordinary is a line of Jira, at Begin, that has nothing to do with OAuth.
const (
	Ordinary = "2026-01-02 10:00:00,000+0000" + ordinary
	ordinary = " Caesium-1-2 INFO ServiceRunner     [c.a.j.p.h.service.HealthCheckSchedulerImpl] " +
		"Health check ran in 12 ms\n"
)

// OrdinaryAt is Ordinary at another time.
func OrdinaryAt(at time.Time) string { return Stamp(at) + ordinary }

// Error texts of failures, each with a cause of its own: entra-client-secret-invalid
// with and without what Entra appends, tls-certificate-untrusted.
const (
	BadSecret = RefusedSecret + " Trace ID: 15582ef9-f50c-49d2-bbea-ed98debc4d00 " +
		"Correlation ID: b56ef91f-c6af-4026-8226-7ec6ed7e5589 Timestamp: 2026-01-02 10:00:00Z"
	RefusedSecret = "AADSTS7000215: Invalid client secret provided."
	BadTLS        = "javax.net.ssl.SSLHandshakeException: PKIX path building failed: " +
		"unable to find valid certification path to requested target"
)

// FlowID is the ID of integration n.
func FlowID(n int) string { return fmt.Sprintf("%08d-aaaa-4bbb-8ccc-%012d", n, n) }

// Stamp is a time as Jira logs it.
func Stamp(at time.Time) string { return at.Format("2006-01-02 15:04:05,000-0700") }

// Failure is a failure of an integration, given by its ID, as Jira logs it.
func Failure(at time.Time, flow, message string) string {
	return fmt.Sprintf("%s http-nio-8080-exec-7 ERROR admin 600x1x1 4eic3i 10.0.0.1 "+
		"/rest/oauth2-client/latest/config/flow/%s [c.a.o.c.rest.resource.ClientConfigurationResource] "+
		"Error occurred while authorizing an integration. The error message is: %s\n", Stamp(at), flow, message)
}

// FailureAt is a failure of integration n, some seconds after Begin.
func FailureAt(n, second int, message string) string {
	return Failure(Begin.Add(time.Duration(second)*time.Second), FlowID(n), message)
}
