package notices

import (
	"context"
	"encoding/hex"
	"errors"
	"io"
	"maps"
	"net/http"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	collector "go.opentelemetry.io/proto/slim/otlp/collector/trace/v1"
	"google.golang.org/protobuf/proto"

	"github.com/pressrun/pressrun/internal/config"
	"github.com/pressrun/pressrun/internal/ledger"
	"github.com/pressrun/pressrun/internal/release"
	"github.com/pressrun/pressrun/test/ledgerfile"
)

// tracesTaken is a receiver of traces.
type tracesTaken struct {
	mu    sync.Mutex
	calls int
	fail  func(n int) int // the status of the n-th answer; nil for 200 each
	spans map[string]string
	roots []string // the ids of traces, in the order in which their first came
	at    time.Time
}

func (r *tracesTaken) RoundTrip(req *http.Request) (*http.Response, error) {
	body, err := io.ReadAll(req.Body)
	if err != nil {
		return nil, err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.calls++
	status := http.StatusOK
	if r.fail != nil {
		status = r.fail(r.calls)
	}
	if req.URL.String() != "https://otel.example.gov/v1/traces" || req.Header.Get("Content-Type") != "application/x-protobuf" {
		return nil, errors.New("it is no receiver at " + req.URL.String())
	}
	if status == http.StatusOK {
		if err := r.take(body); err != nil {
			return nil, err
		}
	}
	return &http.Response{StatusCode: status, Header: http.Header{}, Body: http.NoBody, Request: req}, nil
}

// take keeps spans by their ids: what comes twice has to be the same.
func (r *tracesTaken) take(body []byte) error {
	var in collector.ExportTraceServiceRequest
	if err := proto.Unmarshal(body, &in); err != nil {
		return err
	}
	r.at = time.Now()
	for _, s := range in.GetResourceSpans()[0].GetScopeSpans()[0].GetSpans() {
		id, text := hex.EncodeToString(s.GetTraceId())+hex.EncodeToString(s.GetSpanId()), s.String()
		if before, again := r.spans[id]; again && before != s.GetName() {
			return errors.New("two spans have one id: " + text)
		}
		if r.spans == nil {
			r.spans = map[string]string{}
		}
		if _, again := r.spans[id]; !again && strings.HasPrefix(s.GetName(), "RUN ") {
			r.roots = append(r.roots, id)
		}
		r.spans[id] = s.GetName()
	}
	return nil
}

// seen is what came so far: how many calls, when the last trace, the names of spans, how many traces.
func (r *tracesTaken) seen() (calls int, at time.Time, names []string, traces int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.calls, r.at, slices.Collect(maps.Values(r.spans)), len(r.roots)
}

func tracedConfig() config.Config {
	site := config.Site{Title: "Riverside", Notify: []config.Target{{Name: "traces", Kind: "otlp", URL: "https://otel.example.gov"}}}
	return config.Config{URL: "https://pressrun.example.gov", Sites: map[string]config.Site{"www": site}}
}

func TestATraceWaitsForTheFiguresOfARunThatFailed(t *testing.T) {
	t.Parallel()
	dir := ledgerfile.Folder(t)
	synctest.Test(t, func(t *testing.T) {
		l, to := opened(t, dir), &tracesTaken{}
		running(t, tracedConfig(), l, l.Notices(), to)
		released(t, l, 1, failed)
		ended := time.Now()
		time.Sleep(10 * time.Second)
		steps := `{"steps":[{"name":"build","started_at":"` + ended.Add(-time.Second).UTC().Format(time.RFC3339Nano) + `","seconds":0.5,"result":"failed"},{"name":"install","seconds":0,"result":"skipped"}]}`
		if err := l.PutMetrics(t.Context(), "www", 1, steps); err != nil {
			t.Fatal(err)
		}
		if calls, _, _, _ := to.seen(); calls != 0 {
			t.Error("the trace was sent before the figures came")
		}
		time.Sleep(time.Minute)
		_, at, names, _ := to.seen()
		if took := at.Sub(ended); took < 59*time.Second || took > 62*time.Second || !strings.Contains(strings.Join(names, " "), "build") || strings.Contains(strings.Join(names, " "), "install") {
			t.Errorf("after %s: %v", took, names)
		}
	})
}

// TestAKillAtAnyStepLosesNoTraceAndDoublesNoSpan kills the exporting at each of its
// steps, before and after what the step does, and starts it anew.
func TestAKillAtAnyStepLosesNoTraceAndDoublesNoSpan(t *testing.T) {
	t.Parallel()
	cuts := 0
	for at := int64(1); ; at++ {
		done := false
		for _, after := range []bool{false, true} {
			dir := ledgerfile.Folder(t)
			synctest.Test(t, func(t *testing.T) {
				l := opened(t, dir)
				to := &tracesTaken{fail: func(n int) int { return []int{http.StatusServiceUnavailable, http.StatusOK}[n%2] }}
				d := &dying{Lines: l.Notices(), to: to, steps: &atomic.Int64{}, at: at, after: after}
				ctx, kill := context.WithCancel(t.Context())
				d.kill = kill
				stop := running(t, tracedConfig(), l, d, d)
				released(t, l, 1, failed)
				time.Sleep(5 * time.Minute)
				released(t, l, 1, live)
				time.Sleep(5 * time.Minute)
				done = done || ctx.Err() == nil
				stop()
				running(t, tracedConfig(), l, l.Notices(), to)
				time.Sleep(time.Hour)
				if _, _, _, traces := to.seen(); traces != 2 || len(noticesOf(t, l, "traces", ledger.NoticeDelivered)) != 2 {
					t.Errorf("cut at step %d (after: %v): %d traces came", at, after, traces)
				}
			})
			cuts++
		}
		if done || t.Failed() {
			break
		}
	}
	t.Logf("cuts=%d lost=0 doubled=0", cuts)
	if cuts < 10 {
		t.Errorf("there were %d cuts only", cuts)
	}
}

func TestATraceThatIsRefusedForGoodIsTriedOnceAndCanBeReplayed(t *testing.T) {
	t.Parallel()
	dir := ledgerfile.Folder(t)
	synctest.Test(t, func(t *testing.T) {
		l := opened(t, dir)
		to := &tracesTaken{fail: func(int) int { return http.StatusBadRequest }}
		running(t, tracedConfig(), l, l.Notices(), to)
		released(t, l, 1, live)
		time.Sleep(time.Hour)
		gone := noticesOf(t, l, "traces", ledger.NoticeUndelivered)
		if calls, _, _, _ := to.seen(); calls != 1 || len(gone) != 1 || gone[0].Status != http.StatusBadRequest || gone[0].Type != "release."+string(release.Succeeded) {
			t.Errorf("%d calls, %+v", calls, gone)
		}
	})
}
