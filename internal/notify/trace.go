package notify

import (
	"cmp"
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"time"

	collector "go.opentelemetry.io/proto/slim/otlp/collector/trace/v1"
	common "go.opentelemetry.io/proto/slim/otlp/common/v1"
	resource "go.opentelemetry.io/proto/slim/otlp/resource/v1"
	spans "go.opentelemetry.io/proto/slim/otlp/trace/v1"
	"google.golang.org/protobuf/encoding/protojson"

	"github.com/pressrun/pressrun/internal/release"
	"github.com/pressrun/pressrun/internal/tracecontext"
)

// Step is a step of a release's run, as the run reported it.
type Step struct {
	Name    string
	Started time.Time
	Took    time.Duration
	Failed  bool
}

// trace makes a trace of a fact's release: a span of the whole release, from its oldest
// request until it was live or ended; below it one for each state; below these the steps
// of the run. It uses only stored times and names, so that the spans are the same each
// time it is made. Names and attributes are those of
// https://opentelemetry.io/docs/specs/semconv/cicd/cicd-spans/ and
// https://opentelemetry.io/docs/specs/semconv/resource/cicd/.
func trace(_ string, f Fact) ([]byte, error) {
	if f.Release == nil { // a test
		f.Release = &release.Release{Outcome: release.Succeeded, Times: release.Times{Requested: f.At.Add(-time.Second), Complete: f.At, Ended: f.At}}
	}
	r := f.Release
	m := tracer{fact: f, release: r, id: tracecontext.Of(f.Site.Name, r.Number, r.Times.Requested)}
	m.whole()
	m.states()
	m.steps()
	return protojson.Marshal(&collector.ExportTraceServiceRequest{ResourceSpans: []*spans.ResourceSpans{{
		Resource: &resource.Resource{Attributes: []*common.KeyValue{
			attribute("service.name", "pressrun"), attribute("cicd.pipeline.name", f.Site.Name),
			attribute("cicd.pipeline.run.id", strconv.FormatInt(r.Number, 10)), attribute("cicd.pipeline.run.url.full", m.page()),
		}},
		ScopeSpans: []*spans.ScopeSpans{{Scope: &common.InstrumentationScope{Name: "github.com/pressrun/pressrun"}, Spans: m.made}},
	}}})
}

// tracer makes the spans of one release.
type tracer struct {
	fact    Fact
	release *release.Release
	id      tracecontext.Trace
	made    []*spans.Span
}

func (m *tracer) page() string {
	return fmt.Sprintf("%s/sites/%s/releases/%d", m.fact.Site.App, url.PathEscape(m.fact.Site.Name), m.release.Number)
}

// end is when the release went live, or ended without going live.
func (m *tracer) end() time.Time {
	if at := m.release.Times.Complete; !at.IsZero() {
		return at
	}
	return cmp.Or(m.release.Times.Ended, m.fact.At)
}

func (m *tracer) add(name, label string, parent string, from, upto time.Time, attributes ...*common.KeyValue) *spans.Span {
	id := m.id.Span(name)
	s := &spans.Span{
		TraceId: m.id[:], SpanId: id[:], Name: label, Kind: spans.Span_SPAN_KIND_INTERNAL, Attributes: attributes,
		StartTimeUnixNano: nanos(from), EndTimeUnixNano: max(nanos(from), nanos(upto)),
	}
	if parent != "" {
		of := m.id.Span(parent)
		s.ParentSpanId = of[:]
	}
	m.made = append(m.made, s)
	return s
}

// nanos are nanoseconds since the epoch; 0 for instants before it.
func nanos(at time.Time) uint64 { return uint64(max(0, at.UnixNano())) }

// whole adds the span of the whole release.
func (m *tracer) whole() {
	r := m.release
	from := r.Times.Requested
	if first := r.Requests.First; !first.IsZero() && first.Before(from) {
		from = first
	}
	result, trouble := resultOf(r)
	s := m.add(tracecontext.Root, "RUN "+m.fact.Site.Name, "", from, m.end(),
		attribute("cicd.pipeline.action.name", "RUN"), attribute("cicd.pipeline.result", result),
		attribute("pressrun.outcome", string(r.Outcome)), number("pressrun.requests", r.Requests.Count))
	s.Kind = spans.Span_SPAN_KIND_SERVER
	for name, of := range map[string]int64{"pressrun.rollback_to": r.RollbackTo, "pressrun.retry_of": r.Retry} {
		if of != 0 {
			s.Attributes = append(s.Attributes, number(name, of))
		}
	}
	slices.SortFunc(s.Attributes, func(a, b *common.KeyValue) int { return cmp.Compare(a.GetKey(), b.GetKey()) })
	if r.Run.URL != "" {
		s.Attributes = append(s.Attributes, attribute("pressrun.run.url", r.Run.URL))
	}
	if trouble != "" {
		failed(s, trouble, r.Why)
	}
}

func failed(s *spans.Span, trouble, why string) {
	s.Attributes = append(s.Attributes, attribute("error.type", trouble))
	s.Status = &spans.Status{Code: spans.Status_STATUS_CODE_ERROR, Message: why}
}

// resultOf is OpenTelemetry's well-known result for a release, and its error type; "" for none.
func resultOf(r *release.Release) (result, trouble string) {
	fault := cmp.Or(string(r.Fault), "_OTHER")
	switch r.Outcome {
	case release.Succeeded:
		return "success", ""
	case release.Unchanged:
		return "skip", ""
	case release.Cancelled, release.Superseded:
		return "cancellation", ""
	case release.Stale:
		return "timeout", fault
	case release.Failed:
	}
	if r.Fault == release.FaultContent || r.Fault == release.FaultBuild {
		return "failure", fault
	}
	return "error", fault
}

// entered are the states of a release before it was live, with the state of a pipeline's
// run in each.
var entered = []struct {
	state release.State
	does  string
}{
	{release.Requested, "pending"}, {release.Dispatched, "pending"}, {release.Starting, "executing"}, {release.InProgress, "executing"},
}

func stateSpan(s release.State) string { return "state:" + string(s) }

// states adds a span for each state, from its beginning until the next one's.
func (m *tracer) states() {
	for i, e := range entered {
		from := m.release.Times.Of(e.state)
		if from.IsZero() || from.After(m.end()) {
			continue
		}
		upto := m.end()
		for _, next := range entered[i+1:] {
			if at := m.release.Times.Of(next.state); !at.IsZero() {
				upto = at
				break
			}
		}
		m.add(stateSpan(e.state), string(e.state), tracecontext.Root, from, upto, attribute("cicd.pipeline.run.state", e.does))
	}
}

// taskTypes are the well-known types of task of some steps.
var taskTypes = map[string]string{
	"install": "build", "build": "build", "check": "test", "verify": "test", "deploy": "deploy",
}

// steps adds a span for each step, below the state in which it began. Steps after the
// site is live are left out.
func (m *tracer) steps() {
	seen := map[string]int{}
	for _, step := range m.fact.Steps {
		if !step.Started.Before(m.end()) {
			continue
		}
		name := tracecontext.Step(step.Name)
		if seen[step.Name]++; seen[step.Name] > 1 { // each job of a run begins with a claim
			name += ":" + strconv.Itoa(seen[step.Name])
		}
		result := "success"
		if step.Failed {
			result = "failure"
		}
		s := m.add(name, step.Name, m.stateAt(step.Started), step.Started, step.Started.Add(step.Took),
			attribute("cicd.pipeline.task.name", step.Name), attribute("cicd.pipeline.task.run.id", fmt.Sprintf("%d/%s", m.release.Number, step.Name)),
			attribute("cicd.pipeline.task.run.result", result), attribute("cicd.pipeline.task.run.url.full", cmp.Or(m.release.Run.URL, m.page())))
		if kind := taskTypes[step.Name]; kind != "" {
			s.Attributes = append(s.Attributes, attribute("cicd.pipeline.task.type", kind))
		}
		if step.Failed {
			_, trouble := resultOf(m.release)
			failed(s, cmp.Or(trouble, "_OTHER"), m.release.Why)
		}
	}
}

// stateAt names the span of the release's state at an instant.
func (m *tracer) stateAt(at time.Time) string {
	name := tracecontext.Root
	for _, e := range entered {
		if from := m.release.Times.Of(e.state); !from.IsZero() && !from.After(at) && !from.After(m.end()) {
			name = stateSpan(e.state)
		}
	}
	return name
}

func attribute(name, value string) *common.KeyValue {
	return &common.KeyValue{Key: name, Value: &common.AnyValue{Value: &common.AnyValue_StringValue{StringValue: value}}}
}

func number(name string, value int64) *common.KeyValue {
	return &common.KeyValue{Key: name, Value: &common.AnyValue{Value: &common.AnyValue_IntValue{IntValue: value}}}
}
