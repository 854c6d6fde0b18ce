package figures

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	collector "go.opentelemetry.io/proto/slim/otlp/collector/metrics/v1"
	"google.golang.org/protobuf/proto"
)

// at is when the figures of the tests were measured.
var at = time.Date(2026, 11, 28, 12, 0, 0, 0, time.UTC)

// measured are figures of a run as it may be.
func measured() Set {
	s := Set{Site: "www", Environment: "production", Outcome: "live", At: at}
	s.Add("duration", 72.5)
	s.AddStep("build", 60)
	s.AddStep("deploy", 4.25)
	s.Add("succeeded", 1)
	s.Add("size", 1_000_000)
	s.Add("attempts", 3)
	s.Add("last_success_timestamp", float64(at.Unix()))
	return s
}

// system answers calls as a test wants.
type system struct {
	answer func(n int, r *http.Request, body []byte) (status int, text string)
	header http.Header
	calls  int
}

func (s *system) RoundTrip(r *http.Request) (*http.Response, error) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, err
	}
	s.calls++
	status, text := s.answer(s.calls, r, body)
	if status == 0 {
		return nil, errors.New("connection refused")
	}
	return &http.Response{StatusCode: status, Header: s.header, Body: io.NopCloser(strings.NewReader(text)), Request: r}, nil
}

func opened(t *testing.T, list string, env map[string]string, to http.RoundTripper) Targets {
	t.Helper()
	targets, err := Open(list, func(name string) string { return env[name] }, to)
	if err != nil {
		t.Fatal(err)
	}
	return targets
}

func TestDatadogIsToldAsItsAPISays(t *testing.T) {
	to := &system{answer: func(_ int, r *http.Request, body []byte) (int, string) {
		if r.Method != http.MethodPost || r.URL.String() != "https://api.us5.datadoghq.com/api/v2/series" || r.Header.Get("DD-API-KEY") != "k1" || r.Header.Get("Content-Type") != "application/json" {
			t.Errorf("%s %s %v", r.Method, r.URL, r.Header)
		}
		var got struct {
			Series []struct {
				Metric string                   `json:"metric"`
				Type   int                      `json:"type"`
				Unit   string                   `json:"unit"`
				Points []map[string]json.Number `json:"points"`
				Tags   []string                 `json:"tags"`
			} `json:"series"`
		}
		strict := json.NewDecoder(bytes.NewReader(body))
		strict.DisallowUnknownFields()
		if err := strict.Decode(&got); err != nil {
			t.Error(err)
		}
		var lines []string
		for _, s := range got.Series {
			lines = append(lines, fmt.Sprintf("%s %d %s %v %v", s.Metric, s.Type, s.Unit, s.Points, s.Tags))
		}
		want := []string{
			"pressrun.run.duration 3 second [map[timestamp:1795867200 value:72.5]] [site:www env:production outcome:live]",
			"pressrun.run.step_duration 3 second [map[timestamp:1795867200 value:60]] [site:www env:production step:build]",
			"pressrun.run.step_duration 3 second [map[timestamp:1795867200 value:4.25]] [site:www env:production step:deploy]",
			"pressrun.run.succeeded 3  [map[timestamp:1795867200 value:1]] [site:www env:production outcome:live]",
			"pressrun.run.size 3 byte [map[timestamp:1795867200 value:1000000]] [site:www env:production]",
			"pressrun.run.attempts 3  [map[timestamp:1795867200 value:3]] [site:www env:production]",
			"pressrun.run.last_success_timestamp 3 second [map[timestamp:1795867200 value:1795867200]] [site:www env:production]",
		}
		if diff := cmp.Diff(want, lines); diff != "" {
			t.Errorf("(-want +got)\n%s", diff)
		}
		return http.StatusAccepted, `{"errors":[]}`
	}}
	targets := opened(t, "datadog:us5.datadoghq.com", map[string]string{"DD_API_KEY": "k1"}, to)
	if trouble := targets.Send(t.Context(), measured(), time.Minute); trouble != nil || to.calls != 1 {
		t.Errorf("%v after %d calls", trouble, to.calls)
	}
}

func TestOTLPIsToldAsItsReceiverReadsIt(t *testing.T) {
	to := &system{answer: func(_ int, r *http.Request, body []byte) (int, string) {
		if r.Method != http.MethodPost || r.URL.String() != "https://otel.example.gov/v1/metrics" || r.Header.Get("Content-Type") != "application/x-protobuf" || r.Header.Get("Api-Key") != "a b" {
			t.Errorf("%s %s %v", r.Method, r.URL, r.Header)
		}
		var got collector.ExportMetricsServiceRequest
		if err := proto.Unmarshal(body, &got); err != nil || len(got.ProtoReflect().GetUnknown()) > 0 {
			t.Errorf("%v, unknown: %v", err, got.ProtoReflect().GetUnknown())
		}
		of := got.GetResourceMetrics()[0]
		var lines []string
		for _, a := range of.GetResource().GetAttributes() {
			lines = append(lines, a.GetKey()+"="+a.GetValue().GetStringValue())
		}
		for _, m := range of.GetScopeMetrics()[0].GetMetrics() {
			for _, p := range m.GetGauge().GetDataPoints() {
				line := fmt.Sprintf("%s %s %v", m.GetName(), m.GetUnit(), p.GetAsDouble())
				for _, a := range p.GetAttributes() {
					line += " " + a.GetKey() + "=" + a.GetValue().GetStringValue()
				}
				if p.GetTimeUnixNano() != uint64(at.UnixNano()) || m.GetDescription() == "" {
					t.Errorf("%s: at %d, %q", line, p.GetTimeUnixNano(), m.GetDescription())
				}
				lines = append(lines, line)
			}
		}
		want := []string{
			"service.name=pressrun", "cicd.pipeline.name=www", "deployment.environment.name=production",
			"pressrun.run.duration s 72.5 pressrun.outcome=live", "pressrun.run.step_duration s 60 pressrun.step=build", "pressrun.run.step_duration s 4.25 pressrun.step=deploy",
			"pressrun.run.succeeded 1 1 pressrun.outcome=live", "pressrun.run.size By 1e+06", "pressrun.run.attempts 1 3",
			fmt.Sprintf("pressrun.run.last_success_timestamp s %v", float64(at.Unix())),
		}
		if diff := cmp.Diff(want, lines); diff != "" {
			t.Errorf("(-want +got)\n%s", diff)
		}
		return http.StatusOK, ""
	}}
	targets := opened(t, "otlp:https://otel.example.gov", map[string]string{otlpHeaders: "api-key=a%20b"}, to)
	if trouble := targets.Send(t.Context(), measured(), time.Minute); trouble != nil || to.calls != 1 {
		t.Errorf("%v after %d calls", trouble, to.calls)
	}
}

func TestAReceiverThatTakesAPartSaysSo(t *testing.T) {
	answer, err := proto.Marshal(&collector.ExportMetricsServiceResponse{PartialSuccess: &collector.ExportMetricsPartialSuccess{RejectedDataPoints: 2, ErrorMessage: "too old"}})
	if err != nil {
		t.Fatal(err)
	}
	for list, text := range map[string]string{"otlp:https://a": string(answer), "datadog:datadoghq.eu": `{"errors":["too old"]}`} {
		to := &system{answer: func(int, *http.Request, []byte) (int, string) { return http.StatusAccepted, text }}
		trouble := opened(t, list, map[string]string{"DD_API_KEY": "k1"}, to).Send(t.Context(), measured(), time.Minute)
		if len(trouble) != 1 || !strings.Contains(trouble[0], "too old") || to.calls != 1 {
			t.Errorf("%s: %v after %d calls", list, trouble, to.calls)
		}
	}
}

func TestASystemIsTriedAgainWhereThatMayHelp(t *testing.T) {
	for name, c := range map[string]struct {
		statuses []int
		header   http.Header
		took     time.Duration
		calls    int
		trouble  string
	}{
		"away, then back":         {statuses: []int{0, 503, 200}, took: 3 * time.Second, calls: 3},
		"away":                    {statuses: []int{0, 0, 0}, took: 3 * time.Second, calls: 3, trouble: "otlp: connection refused"},
		"refused":                 {statuses: []int{403}, calls: 1, trouble: "otlp: it answered with 403: no"},
		"asked to wait":           {statuses: []int{429, 200}, header: http.Header{"Retry-After": {"7"}}, took: 7 * time.Second, calls: 2},
		"asked to wait too long":  {statuses: []int{429, 200}, header: http.Header{"Retry-After": {"3600"}}, took: 20 * time.Second, calls: 1, trouble: "otlp: it answered with 429: no"},
		"a redirect is no answer": {statuses: []int{302}, calls: 1, trouble: "otlp: it answered with 302: no"},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				to := &system{header: c.header, answer: func(n int, _ *http.Request, _ []byte) (int, string) { return c.statuses[n-1], "no" }}
				began := time.Now()
				trouble := opened(t, "otlp:https://otel.example.gov/v1/metrics", nil, to).Send(t.Context(), measured(), 20*time.Second)
				if took := time.Since(began); took != c.took || to.calls != c.calls || strings.Join(trouble, ";") != c.trouble {
					t.Errorf("%v after %d calls and %s", trouble, to.calls, took)
				}
			})
		})
	}
}

// deaf never answers.
type deaf struct{}

func (deaf) RoundTrip(r *http.Request) (*http.Response, error) {
	<-r.Context().Done()
	return nil, r.Context().Err()
}

func TestNoSystemHoldsARunUpOrAnotherSystem(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		began := time.Now()
		env := map[string]string{"DD_API_KEY": "k1"}
		trouble := opened(t, "otlp:https://a, datadog:datadoghq.com\npushgateway:http://b", env, deaf{}).Send(t.Context(), measured(), 10*time.Second)
		if took := time.Since(began); took != 10*time.Second || len(trouble) != 3 {
			t.Errorf("%q after %s", trouble, took)
		}
	})
}

func TestWithoutItsSecretASystemIsNotToldAndTheTroubleSaysWhatToSet(t *testing.T) {
	for list, want := range map[string]struct {
		env map[string]string
		say string
	}{
		"datadog:datadoghq.com": {say: "DD_API_KEY is not set"},
		"pushgateway:http://a":  {env: map[string]string{pushgatewayPassword: "me:pw"}, say: "not encrypted"},
		"pushgateway:https://a": {env: map[string]string{pushgatewayPassword: "pw"}, say: "USER:PASSWORD"},
		"otlp:http://a":         {env: map[string]string{otlpHeaders: "key=pw"}, say: "not encrypted"},
		"otlp:https://a":        {env: map[string]string{otlpHeaders: "pw"}, say: "NAME=VALUE"},
	} {
		to := &system{answer: func(int, *http.Request, []byte) (int, string) { return 200, "" }}
		trouble := opened(t, list, want.env, to).Send(t.Context(), measured(), time.Minute)
		if to.calls != 0 || len(trouble) != 1 || !strings.Contains(trouble[0], want.say) || strings.Contains(trouble[0], "pw") {
			t.Errorf("%s: %q after %d calls", list, trouble, to.calls)
		}
	}
}

func TestAddressesAreCheckedAndNotRepeated(t *testing.T) {
	for list, good := range map[string]bool{
		"": true, "cloudwatch:Pressrun/Sites": true, "datadog:ddog-gov.com": true, "pushgateway:http://push.internal:9091": true,
		"otlp:https://a/v1/metrics\n datadog:datadoghq.eu": true,
		"cloudwatch:": false, "cloudwatch:AWS/S3": false, "cloudwatch:a b": false, "datadog:example.com": false, "datadog:datadoghq.com.example.com": false,
		"datadog": false, "statsd:a": false, "pushgateway:push": false, "pushgateway:http://me:secret@push": false, "otlp:ftp://secret": false, "otlp:https://a,otlp:https://a": false,
	} {
		err := Check(list)
		if (err == nil) != good {
			t.Errorf("%q: %v", list, err)
		}
		if err != nil && strings.Contains(err.Error(), "secret") {
			t.Errorf("%q: the error repeats the address: %v", list, err)
		}
	}
}

func TestTheGuideNamesEveryFigureAndEverySystem(t *testing.T) {
	text, err := os.ReadFile("../../docs/action.md")
	if err != nil {
		t.Fatal(err)
	}
	_, section, _ := strings.Cut(string(text), "\n## Figures for other systems\n")
	section, _, _ = strings.Cut(section, "\n## ")
	_, table, _ := strings.Cut(section, "| figure |")
	var told []string
	for _, row := range regexp.MustCompile("(?m)^\\| (`.*?`) \\|").FindAllStringSubmatch(table, -1) {
		told = append(told, strings.Split(strings.Trim(row[1], "`"), "`, `")...)
	}
	var are []string
	for _, f := range Described {
		are = append(are, f.Name)
	}
	slices.Sort(told)
	slices.Sort(are)
	if diff := cmp.Diff(are, told); diff != "" {
		t.Errorf("docs/action.md (-described +told)\n%s", diff)
	}
	for _, k := range kinds {
		syntax, _, _ := strings.Cut(k.syntax, ", ")
		if !strings.Contains(section, "`"+syntax+"`") {
			t.Errorf("docs/action.md does not tell of %s", syntax)
		}
		for _, name := range k.variables {
			if !strings.Contains(section, "`"+name+"`") {
				t.Errorf("docs/action.md does not tell of %s", name)
			}
		}
	}
}

func FuzzHeadersOf(f *testing.F) {
	f.Add("api-key=a%20b,x=")
	f.Add("a=%0d%0ab")
	f.Fuzz(func(t *testing.T, list string) {
		header, err := headersOf(list)
		for name, value := range header {
			if err != nil || strings.ContainsAny(value, "\r\n") || name == "" {
				t.Errorf("%q: %q (%v)", list, header, err)
			}
		}
	})
}
