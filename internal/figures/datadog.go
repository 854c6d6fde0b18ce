package figures

import (
	"context"
	"encoding/json"
	"errors"

	"github.com/pressrun/pressrun/internal/outbound"
	"github.com/pressrun/pressrun/internal/pattern"
)

// datadogSite is one of Datadog's sites: datadoghq.com, us5.datadoghq.com,
// datadoghq.eu, ddog-gov.com (https://docs.datadoghq.com/getting_started/site/).
var datadogSite = pattern.Of(`^([a-z0-9]+\.)?(datadoghq\.com|datadoghq\.eu|ddog-gov\.com)$`)

func checkDatadog(rest string) error {
	if !datadogSite().MatchString(rest) {
		return errors.New("names no site of Datadog; expected one such as datadog:datadoghq.com, datadog:us5.datadoghq.com, datadog:datadoghq.eu or datadog:ddog-gov.com")
	}
	return nil
}

// datadog posts to https://docs.datadoghq.com/api/latest/metrics/submit-metrics/, v2.
type datadog struct {
	address, key string
	client       *outbound.Client
}

func openDatadog(_ context.Context, t target) (sender, error) {
	d := datadog{address: "https://api." + t.rest + "/api/v2/series", key: t.getenv("DD_API_KEY")}
	if d.key == "" {
		return nil, errors.New("DD_API_KEY is not set; expected an API key of Datadog's in it")
	}
	var err error
	d.client, err = outbound.To(d.address, t.transport)
	return d, err
}

type datadogSeries struct {
	Metric string         `json:"metric"`
	Type   int            `json:"type"`
	Unit   string         `json:"unit,omitempty"`
	Points []datadogPoint `json:"points"`
	Tags   []string       `json:"tags"`
}

type datadogPoint struct {
	Timestamp int64   `json:"timestamp"` // in seconds
	Value     float64 `json:"value"`
}

// datadogGauge is the type of a gauge.
const datadogGauge = 3

// datadogUnits are the units that Datadog shows
// (https://docs.datadoghq.com/metrics/units/).
var datadogUnits = map[Unit]string{Seconds: "second", Instant: "second", Bytes: "byte"}

func (d datadog) send(ctx context.Context, s Set) error {
	var all struct {
		Series []datadogSeries `json:"series"`
	}
	for _, f := range s.Figures {
		one := datadogSeries{
			Metric: f.dotted(), Type: datadogGauge, Unit: datadogUnits[f.Unit],
			Points: []datadogPoint{{s.At.Unix(), f.Value}}, Tags: []string{"site:" + s.Site},
		}
		for _, l := range s.labels(f) {
			name := l.name
			if name == "environment" {
				name = "env" // https://docs.datadoghq.com/getting_started/tagging/unified_service_tagging/
			}
			one.Tags = append(one.Tags, name+":"+l.value)
		}
		all.Series = append(all.Series, one)
	}
	body, err := json.Marshal(all)
	if err != nil {
		return err
	}
	answer, err := post(ctx, d.client, d.address, map[string]string{"Content-Type": "application/json", "DD-API-KEY": d.key}, body)
	if err != nil {
		return err
	}
	var said struct {
		Errors []string `json:"errors"`
	}
	if err := json.Unmarshal(answer, &said); err == nil && len(said.Errors) > 0 {
		return errors.New("it did not take all of them: " + said.Errors[0])
	}
	return nil
}
