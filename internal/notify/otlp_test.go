package notify_test

import (
	"encoding/hex"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	collector "go.opentelemetry.io/proto/slim/otlp/collector/trace/v1"
	common "go.opentelemetry.io/proto/slim/otlp/common/v1"
	spans "go.opentelemetry.io/proto/slim/otlp/trace/v1"
	"google.golang.org/protobuf/proto"

	"github.com/pressrun/pressrun/internal/notify"
	"github.com/pressrun/pressrun/internal/release"
	"github.com/pressrun/pressrun/internal/tracecontext"
)

// received is a trace as a receiver reads it.
func received(t *testing.T, f notify.Fact) *collector.ExportTraceServiceRequest {
	t.Helper()
	k := kind(t, "otlp")
	body, err := k.Body("msg_1", f)
	if err != nil {
		t.Fatal(err)
	}
	wire, err := k.Wire(body)
	if err != nil {
		t.Fatal(err)
	}
	var got collector.ExportTraceServiceRequest
	if err := proto.Unmarshal(wire, &got); err != nil {
		t.Fatal(err)
	}
	return &got
}

func attributes(all []*common.KeyValue) string {
	var words []string
	for _, a := range all {
		value := a.GetValue().GetStringValue()
		if value == "" {
			value = fmt.Sprint(a.GetValue().GetIntValue())
		}
		words = append(words, a.GetKey()+"="+value)
	}
	return strings.Join(words, " ")
}

// aTrace is a release that went live, with the steps of its run.
func aTrace() notify.Fact {
	r := &release.Release{
		Number: 12, Outcome: release.Succeeded, Requests: release.Group{Count: 3, First: at.Add(-2 * time.Minute)}, Retry: 11, Run: release.Run{ID: "1", URL: "https://github.com/a/b/actions/runs/1"},
		Times: release.Times{
			Requested: at.Add(-90 * time.Second), Dispatched: at.Add(-80 * time.Second), Starting: at.Add(-70 * time.Second), InProgress: at.Add(-60 * time.Second),
			Complete: at, Ended: at.Add(5 * time.Second),
		},
	}
	return notify.Fact{Event: 1, Type: "release.succeeded", At: at.Add(5 * time.Second), Site: site, Release: r, Steps: []notify.Step{
		{Name: "claim", Started: at.Add(-75 * time.Second), Took: time.Second},
		{Name: "build", Started: at.Add(-50 * time.Second), Took: 30 * time.Second},
		{Name: "claim", Started: at.Add(-15 * time.Second), Took: time.Second},
		{Name: "deploy", Started: at.Add(-10 * time.Second), Took: 4 * time.Second},
		{Name: "ready", Started: at.Add(time.Second), Took: time.Second},
	}}
}

func TestAReleaseIsATraceFromItsOldestRequestUntilItIsLive(t *testing.T) {
	got := received(t, aTrace()).GetResourceSpans()[0]
	const page = "https://pressrun.example.gov/sites/www/releases/12"
	if of := attributes(got.GetResource().GetAttributes()); of != "service.name=pressrun cicd.pipeline.name=www cicd.pipeline.run.id=12 cicd.pipeline.run.url.full="+page {
		t.Error(of)
	}
	names, lines := map[string]string{"": "nothing"}, []string{}
	for _, s := range got.GetScopeSpans()[0].GetSpans() {
		names[hex.EncodeToString(s.GetSpanId())] = s.GetName()
	}
	span := func(s *spans.Span) string {
		from, upto := time.Unix(0, int64(s.GetStartTimeUnixNano())).Sub(at), time.Unix(0, int64(s.GetEndTimeUnixNano())).Sub(at)
		return fmt.Sprintf("%s below %s, %s to %s: %s", s.GetName(), names[hex.EncodeToString(s.GetParentSpanId())], from, upto, attributes(s.GetAttributes()))
	}
	for _, s := range got.GetScopeSpans()[0].GetSpans() {
		lines = append(lines, span(s))
		if len(s.GetTraceId()) != 16 || len(s.GetSpanId()) != 8 || (s.GetKind() == spans.Span_SPAN_KIND_SERVER) != (s.GetName() == "RUN www") || s.GetStatus() != nil {
			t.Errorf("%s is %v", s.GetName(), s)
		}
	}
	task := func(name, id string) string {
		return "cicd.pipeline.task.name=" + name + " cicd.pipeline.task.run.id=12/" + id + " cicd.pipeline.task.run.result=success cicd.pipeline.task.run.url.full=https://github.com/a/b/actions/runs/1"
	}
	want := []string{
		"RUN www below nothing, -2m0s to 0s: cicd.pipeline.action.name=RUN cicd.pipeline.result=success pressrun.outcome=succeeded pressrun.requests=3 pressrun.retry_of=11 pressrun.run.url=https://github.com/a/b/actions/runs/1",
		"requested below RUN www, -1m30s to -1m20s: cicd.pipeline.run.state=pending",
		"dispatched below RUN www, -1m20s to -1m10s: cicd.pipeline.run.state=pending",
		"starting below RUN www, -1m10s to -1m0s: cicd.pipeline.run.state=executing",
		"in_progress below RUN www, -1m0s to 0s: cicd.pipeline.run.state=executing",
		"claim below dispatched, -1m15s to -1m14s: " + task("claim", "claim"),
		"build below in_progress, -50s to -20s: " + task("build", "build") + " cicd.pipeline.task.type=build",
		"claim below in_progress, -15s to -14s: " + task("claim", "claim"),
		"deploy below in_progress, -10s to -6s: " + task("deploy", "deploy") + " cicd.pipeline.task.type=deploy",
	}
	if diff := cmp.Diff(want, lines); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	if len(names) != len(want)+1 {
		t.Errorf("%d spans have %d ids", len(want), len(names)-1)
	}
	trace := tracecontext.Of("www", 12, at.Add(-90*time.Second))
	if id := trace.Span(tracecontext.Step("build")); names[id.String()] != "build" || hex.EncodeToString(got.GetScopeSpans()[0].GetSpans()[0].GetTraceId()) != trace.String() {
		t.Error("a build that joins by TRACEPARENT is not below the step's span")
	}
	if !proto.Equal(received(t, aTrace()), received(t, aTrace())) {
		t.Error("a trace that is made twice is not the same")
	}
}

func TestEachOutcomeIsAWellKnownResult(t *testing.T) {
	for _, c := range []struct {
		outcome release.Outcome
		fault   release.Fault
		want    string
		code    spans.Status_StatusCode
	}{
		{release.Succeeded, "", "success ", spans.Status_STATUS_CODE_UNSET},
		{release.Failed, release.FaultContent, "failure content", spans.Status_STATUS_CODE_ERROR},
		{release.Failed, release.FaultBuild, "failure build", spans.Status_STATUS_CODE_ERROR},
		{release.Failed, release.FaultPlatform, "error platform", spans.Status_STATUS_CODE_ERROR},
		{release.Failed, "", "error _OTHER", spans.Status_STATUS_CODE_ERROR},
		{release.Stale, release.FaultPlatform, "timeout platform", spans.Status_STATUS_CODE_ERROR},
		{release.Cancelled, "", "cancellation ", spans.Status_STATUS_CODE_UNSET},
		{release.Superseded, "", "cancellation ", spans.Status_STATUS_CODE_UNSET},
	} {
		r := ended(c.outcome, "the page has no title")
		r.Fault = c.fault
		root := received(t, notify.Fact{At: at, Site: site, Release: r}).GetResourceSpans()[0].GetScopeSpans()[0].GetSpans()[0]
		said := map[string]string{}
		for _, a := range root.GetAttributes() {
			said[a.GetKey()] = a.GetValue().GetStringValue()
		}
		if got := said["cicd.pipeline.result"] + " " + said["error.type"]; got != c.want || root.GetStatus().GetCode() != c.code {
			t.Errorf("%s by %q: %s, %s", c.outcome, c.fault, got, root.GetStatus())
		}
		if c.code == spans.Status_STATUS_CODE_ERROR && root.GetStatus().GetMessage() != "the page has no title" {
			t.Errorf("%s: %s", c.outcome, root.GetStatus())
		}
	}
}

func TestATestOfTracesIsATrace(t *testing.T) {
	if got := received(t, notify.Fact{Type: notify.Test, At: at, Site: site}).GetResourceSpans()[0].GetScopeSpans()[0].GetSpans(); len(got) == 0 || got[0].GetEndTimeUnixNano()-got[0].GetStartTimeUnixNano() != uint64(time.Second) {
		t.Errorf("%v", got)
	}
}

func TestAnswersOfAReceiverOfTraces(t *testing.T) {
	k := kind(t, "otlp")
	for status, final := range map[int]bool{200: true, 400: true, 413: true, 401: false, 403: false, 404: false, 429: false, 500: false, 502: false, 503: false, 504: false} {
		if k.Final(status) != final {
			t.Errorf("%d: final is %v", status, !final)
		}
	}
	part, err := proto.Marshal(&collector.ExportTraceServiceResponse{PartialSuccess: &collector.ExportTracePartialSuccess{RejectedSpans: 2, ErrorMessage: "too old"}})
	if err != nil {
		t.Fatal(err)
	}
	for body, want := range map[string]string{"": "", string(part): "it rejected 2 spans: too old", "{}": "", "<html>": ""} {
		if got := k.Answer([]byte(body)); got != want {
			t.Errorf("%q: %q", body, got)
		}
	}
	header := k.Header("", nil, []string{"Authorization: Bearer a:b", "x-key:1", "no header"}, at)
	if diff := cmp.Diff(map[string]string{"Authorization": "Bearer a:b", "x-key": "1", "Content-Type": "application/x-protobuf"}, header); diff != "" {
		t.Error(diff)
	}
	for address, want := range map[string]string{"https://a:4318": "https://a:4318/v1/traces", "https://a/": "https://a/v1/traces", "https://a/otlp/v1/traces": "https://a/otlp/v1/traces"} {
		if got := k.Address(address); got != want {
			t.Errorf("%s: %s", address, got)
		}
	}
}

func FuzzReadHeader(f *testing.F) {
	f.Add("Authorization: Bearer x")
	f.Add("a: b\r\nc: d")
	f.Fuzz(func(t *testing.T, line string) {
		name, value, err := notify.ReadHeader(line)
		if err == nil && (name == "" || value == "" || strings.ContainsAny(name+value, "\r\n\x00")) {
			t.Errorf("%q is %q and %q", line, name, value)
		}
	})
}
