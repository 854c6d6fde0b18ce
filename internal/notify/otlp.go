package notify

import (
	"errors"
	"fmt"
	"net/url"
	"strings"
	"time"

	collector "go.opentelemetry.io/proto/slim/otlp/collector/trace/v1"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"

	"github.com/pressrun/pressrun/internal/release"
)

// otlp sends a trace of each release that has ended (trace.go) to an OpenTelemetry
// receiver, by OTLP/HTTP (https://opentelemetry.io/docs/specs/otlp/#otlphttp).
var otlp = Kind{
	Name: "otlp", Secret: SecretOptional, Steps: true, Settle: settle,
	Tells: []Type{ended(release.Succeeded), ended(release.Failed), ended(release.Cancelled), ended(release.Stale), ended(release.Superseded)},
	Body:  trace, Wire: traceWire, Header: otlpHeader, Address: tracesAddress, Answer: otlpAnswer, Final: otlpFinal,
}

// settle is how long after its release's end a run has to report its metrics: a run that
// failed reports the failure first.
const settle = time.Minute

// tracesAddress is where traces are posted to: an address without a path is the
// receiver's base address, like OTEL_EXPORTER_OTLP_ENDPOINT.
func tracesAddress(address string) string {
	if u, err := url.Parse(address); err == nil && strings.Trim(u.Path, "/") == "" {
		return u.JoinPath("v1", "traces").String()
	}
	return address
}

// traceWire encodes a trace as binary Protobuf for sending: the ledger keeps it as text.
func traceWire(body []byte) ([]byte, error) {
	var kept collector.ExportTraceServiceRequest
	if err := protojson.Unmarshal(body, &kept); err != nil {
		return nil, fmt.Errorf("read the trace: %w", err)
	}
	return proto.Marshal(&kept)
}

// otlpHeader makes the headers that the receiver needs: each line of the secret's file is
// one, NAME: VALUE.
func otlpHeader(_ string, _ []byte, secrets []string, _ time.Time) map[string]string {
	header := map[string]string{}
	for _, line := range secrets {
		if name, value, err := ReadHeader(line); err == nil {
			header[name] = value
		}
	}
	header["Content-Type"] = "application/x-protobuf"
	return header
}

// ReadHeader reads a header in HTTP's form, NAME: VALUE.
func ReadHeader(line string) (name, value string, err error) {
	name, value, ok := strings.Cut(line, ":")
	value = strings.TrimSpace(value)
	for _, c := range name {
		ok = ok && (c == '-' || c == '_' || c >= '0' && c <= '9' || c >= 'A' && c <= 'Z' || c >= 'a' && c <= 'z')
	}
	for _, c := range value {
		ok = ok && c >= ' ' && c <= '~'
	}
	if !ok || name == "" || value == "" {
		return "", "", errors.New("is no header; expected NAME: VALUE, such as Authorization: Bearer …")
	}
	return name, value, nil
}

// otlpAnswer finds a partial success, which must not be tried again
// (https://opentelemetry.io/docs/specs/otlp/#partial-success-1).
func otlpAnswer(body []byte) string {
	var said collector.ExportTraceServiceResponse
	if proto.Unmarshal(body, &said) != nil {
		return "" // its body does not matter: the status says success
	}
	if p := said.GetPartialSuccess(); p.GetRejectedSpans() > 0 {
		return fmt.Sprintf("it rejected %d spans: %s", p.GetRejectedSpans(), p.GetErrorMessage())
	}
	return ""
}

// otlpFinal says which statuses are permanent. Those about credentials and the address
// are not: an operator can fix them while the message is retried.
func otlpFinal(status int) bool {
	switch status {
	case 401, 403, 404, 408, 429:
		return false
	}
	return status/100 == 2 || status/100 == 4
}
