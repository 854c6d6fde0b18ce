package figures

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"strings"

	collector "go.opentelemetry.io/proto/slim/otlp/collector/metrics/v1"
	common "go.opentelemetry.io/proto/slim/otlp/common/v1"
	metrics "go.opentelemetry.io/proto/slim/otlp/metrics/v1"
	resource "go.opentelemetry.io/proto/slim/otlp/resource/v1"
	"google.golang.org/protobuf/proto"

	"github.com/pressrun/pressrun/internal/outbound"
)

// otlpHeaders names the variable with the headers of calls, in the form of
// OTEL_EXPORTER_OTLP_HEADERS: they may hold the receiver's key. Builds do not see it.
const otlpHeaders = "PRESSRUN_OTLP_HEADERS"

func checkOTLP(rest string) error { return outbound.CheckInside(rest) }

// otlp posts by OTLP/HTTP, as binary Protobuf
// (https://opentelemetry.io/docs/specs/otlp/#otlphttp).
type otlp struct {
	address string
	header  map[string]string
	client  *outbound.Client
}

func openOTLP(_ context.Context, t target) (sender, error) {
	o := otlp{address: metricsAddress(t.rest)}
	list, from := t.getenv(otlpHeaders), otlpHeaders
	if list == "" {
		list, from = t.getenv("OTEL_EXPORTER_OTLP_HEADERS"), "OTEL_EXPORTER_OTLP_HEADERS"
	}
	var err error
	if o.header, err = headersOf(list); err != nil {
		return nil, fmt.Errorf("%s %w", from, err)
	}
	if len(o.header) == 0 {
		o.client, err = outbound.Inside(o.address, t.transport)
	} else {
		o.client, err = outbound.To(o.address, t.transport)
	}
	o.header["Content-Type"] = "application/x-protobuf"
	return o, err
}

// metricsAddress is where metrics are posted to: an address without a path is the
// receiver's base address, like OTEL_EXPORTER_OTLP_ENDPOINT.
func metricsAddress(address string) string {
	if u, err := url.Parse(address); err == nil && strings.Trim(u.Path, "/") == "" {
		return u.JoinPath("v1", "metrics").String()
	}
	return address
}

// headersOf reads headers as OpenTelemetry writes them: NAME=VALUE with commas
// between, the values percent-encoded
// (https://opentelemetry.io/docs/specs/otel/protocol/exporter/#specifying-headers-via-environment-variables).
func headersOf(list string) (map[string]string, error) {
	header := map[string]string{}
	for pair := range strings.SplitSeq(list, ",") {
		if strings.TrimSpace(pair) == "" {
			continue
		}
		name, value, ok := strings.Cut(pair, "=")
		value, err := url.PathUnescape(strings.TrimSpace(value))
		if !ok || err != nil || strings.TrimSpace(name) == "" || strings.ContainsAny(value, "\r\n") {
			return nil, errors.New("is no list of headers; expected NAME=VALUE, with commas between several")
		}
		header[strings.TrimSpace(name)] = value
	}
	return header, nil
}

// otlpUnits are the units in UCUM
// (https://opentelemetry.io/docs/specs/semconv/general/metrics/#instrument-units).
var otlpUnits = map[Unit]string{Seconds: "s", Instant: "s", Bytes: "By", Count: "1"}

func (o otlp) send(ctx context.Context, s Set) error {
	body, err := proto.Marshal(exported(s))
	if err != nil {
		return err
	}
	answer, err := post(ctx, o.client, o.address, o.header, body)
	if err != nil {
		return err
	}
	var said collector.ExportMetricsServiceResponse
	if err := proto.Unmarshal(answer, &said); err != nil {
		return nil //nolint:nilerr // a 200 is a success, whatever its body
	}
	if p := said.GetPartialSuccess(); p.GetRejectedDataPoints() > 0 {
		return fmt.Errorf("it rejected %d of them: %s", p.GetRejectedDataPoints(), p.GetErrorMessage())
	}
	return nil
}

func exported(s Set) *collector.ExportMetricsServiceRequest {
	byName := map[string]*metrics.Gauge{}
	scope := &metrics.ScopeMetrics{Scope: &common.InstrumentationScope{Name: "github.com/pressrun/pressrun"}}
	for _, f := range s.Figures {
		gauge := byName[f.Name]
		if gauge == nil {
			gauge = &metrics.Gauge{}
			byName[f.Name] = gauge
			scope.Metrics = append(scope.Metrics, &metrics.Metric{
				Name: f.dotted(), Description: f.Help, Unit: otlpUnits[f.Unit], Data: &metrics.Metric_Gauge{Gauge: gauge},
			})
		}
		point := &metrics.NumberDataPoint{TimeUnixNano: uint64(s.At.UnixNano()), Value: &metrics.NumberDataPoint_AsDouble{AsDouble: f.Value}}
		for _, l := range s.labels(f) {
			if l.name != "environment" {
				point.Attributes = append(point.Attributes, attribute("pressrun."+l.name, l.value))
			}
		}
		gauge.DataPoints = append(gauge.DataPoints, point)
	}
	// https://opentelemetry.io/docs/specs/semconv/resource/cicd/
	of := &resource.Resource{Attributes: []*common.KeyValue{attribute("service.name", "pressrun"), attribute("cicd.pipeline.name", s.Site)}}
	if s.Environment != "" {
		of.Attributes = append(of.Attributes, attribute("deployment.environment.name", s.Environment))
	}
	return &collector.ExportMetricsServiceRequest{ResourceMetrics: []*metrics.ResourceMetrics{{Resource: of, ScopeMetrics: []*metrics.ScopeMetrics{scope}}}}
}

func attribute(name, value string) *common.KeyValue {
	return &common.KeyValue{Key: name, Value: &common.AnyValue{Value: &common.AnyValue_StringValue{StringValue: value}}}
}
