package figures

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"sort"
	"strings"
	"testing"
	"time"

	"github.com/aws/smithy-go/encoding/cbor"
	"github.com/google/go-cmp/cmp"

	"github.com/pressrun/pressrun/test/servers"
)

// pushed are the figures of ours that a Pushgateway shows.
func pushed(t *testing.T, gateway string) []string {
	t.Helper()
	resp, err := http.Get(gateway + "/metrics")
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	var ours []string
	for line := range strings.Lines(string(text)) {
		if strings.HasPrefix(line, "pressrun_") {
			ours = append(ours, strings.TrimSpace(line))
		}
	}
	sort.Strings(ours)
	return ours
}

func TestARealPushgatewayKeepsTheFigures(t *testing.T) {
	gateway := servers.StartPushgateway(t)
	targets := opened(t, "pushgateway:"+gateway+"/", nil, nil)
	good := measured()
	good.Environment = ""
	if trouble := targets.Send(t.Context(), good, time.Minute); trouble != nil {
		t.Fatal(trouble)
	}
	want := []string{
		`pressrun_run_attempts{instance="",job="pressrun",site="www"} 3`,
		`pressrun_run_duration_seconds{instance="",job="pressrun",outcome="live",site="www"} 72.5`,
		`pressrun_run_last_success_timestamp_seconds{instance="",job="pressrun",site="www"} 1.7958672e+09`,
		`pressrun_run_size_bytes{instance="",job="pressrun",site="www"} 1e+06`,
		`pressrun_run_step_duration_seconds{instance="",job="pressrun",site="www",step="build"} 60`,
		`pressrun_run_step_duration_seconds{instance="",job="pressrun",site="www",step="deploy"} 4.25`,
		`pressrun_run_succeeded{instance="",job="pressrun",outcome="live",site="www"} 1`,
	}
	if diff := cmp.Diff(want, pushed(t, gateway)); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	// A run that fails replaces what it has, and leaves when the last success was.
	bad := Set{Site: "www", Outcome: "failed", At: at}
	bad.Add("duration", 5)
	bad.AddStep("build", 4)
	bad.Add("succeeded", 0)
	bad.Add("attempts", 4)
	if trouble := targets.Send(t.Context(), bad, time.Minute); trouble != nil {
		t.Fatal(trouble)
	}
	want[0] = `pressrun_run_attempts{instance="",job="pressrun",site="www"} 4`
	want[1] = `pressrun_run_duration_seconds{instance="",job="pressrun",outcome="failed",site="www"} 5`
	want[4] = `pressrun_run_step_duration_seconds{instance="",job="pressrun",site="www",step="build"} 4`
	want[6] = `pressrun_run_succeeded{instance="",job="pressrun",outcome="failed",site="www"} 0`
	if diff := cmp.Diff(append(want[:5:5], want[6]), pushed(t, gateway)); diff != "" {
		t.Errorf("after a failure (-want +got)\n%s", diff)
	}
}

func TestAPushgatewayBehindAPasswordIsGivenIt(t *testing.T) {
	got := make(chan string, 1)
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		user, password, _ := r.BasicAuth()
		got <- r.Method + " " + r.URL.Path + " " + user + ":" + password + " " + r.Header.Get("Content-Type")
		w.WriteHeader(http.StatusAccepted)
	}))
	defer srv.Close()
	if trouble := opened(t, "pushgateway:"+srv.URL, map[string]string{pushgatewayPassword: "me:p:w"}, nil).Send(t.Context(), measured(), time.Minute); trouble != nil {
		t.Fatal(trouble)
	}
	if said := <-got; !strings.HasPrefix(said, "POST /metrics/job/pressrun/site/www me:p:w text/plain; version=0.0.4") {
		t.Error(said)
	}
}

// awsSettings has AWS's SDK call a server of the test.
func awsSettings(t *testing.T, address string) {
	t.Helper()
	for name, value := range map[string]string{
		"AWS_ENDPOINT_URL_CLOUDWATCH": address, "AWS_REGION": "us-gov-west-1", "AWS_ACCESS_KEY_ID": "AKIA0", "AWS_SECRET_ACCESS_KEY": "s3cret",
		"AWS_CONFIG_FILE": "/nowhere", "AWS_SHARED_CREDENTIALS_FILE": "/nowhere", "AWS_EC2_METADATA_DISABLED": "true",
	} {
		t.Setenv(name, value)
	}
}

// TestCloudWatchIsToldAsItsAPISays holds a call to the protocol that CloudWatch speaks
// (https://smithy.io/2.0/additional-specs/protocols/smithy-rpc-v2.html) and to
// PutMetricData's own rules.
func TestCloudWatchIsToldAsItsAPISays(t *testing.T) {
	var lines []string
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var body io.Reader = r.Body
		if r.Header.Get("Content-Encoding") == "gzip" {
			unzipped, err := gzip.NewReader(r.Body)
			if err != nil {
				t.Error(err)
				return
			}
			body = unzipped
		}
		raw, err := io.ReadAll(body)
		if err != nil {
			t.Error(err)
		}
		if !strings.HasSuffix(r.URL.Path, "/service/GraniteServiceVersion20100801/operation/PutMetricData") || r.Header.Get("Smithy-Protocol") != "rpc-v2-cbor" || !strings.Contains(r.Header.Get("Authorization"), "/us-gov-west-1/monitoring/aws4_request") {
			t.Errorf("%s %v", r.URL, r.Header)
		}
		lines = metricData(t, raw)
		w.Header().Set("Smithy-Protocol", "rpc-v2-cbor")
		w.Header().Set("Content-Type", "application/cbor")
		_, _ = w.Write(cbor.Encode(cbor.Map{}))
	}))
	defer srv.Close()
	awsSettings(t, srv.URL)
	if trouble := opened(t, "cloudwatch:Pressrun", nil, nil).Send(t.Context(), measured(), time.Minute); trouble != nil {
		t.Fatal(trouble)
	}
	want := []string{
		"Pressrun Duration 72.5 Seconds 1795867200 Site=www Environment=production Outcome=live",
		"Pressrun StepDuration 60 Seconds 1795867200 Site=www Environment=production Step=build",
		"Pressrun StepDuration 4.25 Seconds 1795867200 Site=www Environment=production Step=deploy",
		"Pressrun Succeeded 1 Count 1795867200 Site=www Environment=production Outcome=live",
		"Pressrun Size 1e+06 Bytes 1795867200 Site=www Environment=production",
		"Pressrun Attempts 3 Count 1795867200 Site=www Environment=production",
		"Pressrun LastSuccessTimestamp 1.7958672e+09 Seconds 1795867200 Site=www Environment=production",
	}
	if diff := cmp.Diff(want, lines); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

// metricData reads a call of PutMetricData, a line a datum.
func metricData(t *testing.T, raw []byte) (lines []string) {
	t.Helper()
	decoded, err := cbor.Decode(raw)
	if err != nil {
		t.Errorf("%v in %x", err, raw)
		return nil
	}
	in := decoded.(cbor.Map)
	data := in["MetricData"].(cbor.List)
	if len(data) == 0 || len(data) > 1000 {
		t.Errorf("%d figures in one call", len(data))
	}
	for _, one := range data {
		d := one.(cbor.Map)
		line := fmt.Sprintf("%s %s %v %s %v", in["Namespace"], d["MetricName"], number(d["Value"]), d["Unit"], int64(number(d["Timestamp"].(*cbor.Tag).Value)))
		dimensions := d["Dimensions"].(cbor.List)
		if len(dimensions) > 30 {
			t.Errorf("%s has %d dimensions", line, len(dimensions))
		}
		for _, of := range dimensions {
			line += fmt.Sprintf(" %s=%s", of.(cbor.Map)["Name"], of.(cbor.Map)["Value"])
		}
		lines = append(lines, line)
	}
	return lines
}

func number(v cbor.Value) float64 {
	switch n := v.(type) {
	case cbor.Float64:
		return float64(n)
	case cbor.Float32:
		return float64(n)
	case cbor.Uint:
		return float64(n)
	}
	return -1
}

func TestCloudWatchsRefusalIsToldOnce(t *testing.T) {
	calls := 0
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		calls++
		w.Header().Set("Smithy-Protocol", "rpc-v2-cbor")
		w.Header().Set("Content-Type", "application/cbor")
		w.WriteHeader(http.StatusForbidden)
		_, _ = io.Copy(w, bytes.NewReader(cbor.Encode(cbor.Map{"__type": cbor.String("com.amazonaws.cloudwatch#AccessDenied"), "message": cbor.String("not authorized to perform: cloudwatch:PutMetricData")})))
	}))
	defer srv.Close()
	awsSettings(t, srv.URL)
	trouble := opened(t, "cloudwatch:Pressrun", nil, nil).Send(t.Context(), measured(), time.Minute)
	if len(trouble) != 1 || !strings.Contains(trouble[0], "cloudwatch:PutMetricData") || calls != 1 {
		t.Errorf("%q after %d calls", trouble, calls)
	}
}
