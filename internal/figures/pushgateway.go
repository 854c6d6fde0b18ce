package figures

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"strings"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/push"
	"github.com/prometheus/common/expfmt"

	"github.com/pressrun/pressrun/internal/outbound"
)

// pushgatewayPassword names the variable with USER:PASSWORD for a Pushgateway that needs one.
const pushgatewayPassword = "PRESSRUN_PUSHGATEWAY_PASSWORD" //nolint:gosec // G101: the name of a variable

func checkPushgateway(rest string) error { return outbound.CheckInside(rest) }

// pushgateway pushes to a Prometheus Pushgateway, in its text format
// (https://github.com/prometheus/pushgateway#api). The run's site is a group of its own;
// a figure that a run does not have keeps its last value, such as the time of the last
// success.
type pushgateway struct {
	address, user, password string
	client                  *outbound.Client
}

func openPushgateway(_ context.Context, t target) (sender, error) {
	p := pushgateway{address: strings.TrimRight(t.rest, "/")}
	said, named := t.getenv(pushgatewayPassword), false
	if p.user, p.password, named = strings.Cut(said, ":"); said != "" && !named {
		return nil, errors.New(pushgatewayPassword + " names no user; expected USER:PASSWORD")
	}
	u, err := url.Parse(p.address)
	if err != nil {
		return nil, errors.New("its address is no web address")
	}
	if said == "" {
		p.client, err = outbound.Inside(p.address, t.transport)
		return p, err
	}
	if u.Scheme != "https" && !outbound.Loopback(u.Hostname()) {
		return nil, fmt.Errorf("%s is set, and the address is not encrypted: nothing was sent; expected https", pushgatewayPassword)
	}
	p.client, err = outbound.To(p.address, t.transport)
	return p, err
}

func (p pushgateway) send(ctx context.Context, s Set) error {
	to := push.New(p.address, "pressrun").Grouping("site", s.Site).Client(doer{p.client}).Format(expfmt.NewFormat(expfmt.TypeTextPlain))
	if p.user != "" {
		to = to.BasicAuth(p.user, p.password)
	}
	vectors := map[string]*prometheus.GaugeVec{}
	for _, f := range s.Figures {
		names, values := []string{}, []string{}
		for _, l := range s.labels(f) {
			names, values = append(names, l.name), append(values, l.value)
		}
		if vectors[f.Name] == nil {
			vectors[f.Name] = prometheus.NewGaugeVec(prometheus.GaugeOpts{Name: f.Prometheus(), Help: f.Help}, names)
			to = to.Collector(vectors[f.Name])
		}
		vectors[f.Name].WithLabelValues(values...).Set(f.Value)
	}
	return to.AddContext(ctx)
}

// Prometheus is a figure's name in the convention of https://prometheus.io/docs/practices/naming/.
func (f Figure) Prometheus() string {
	name := "pressrun_run_" + f.Name
	switch f.Unit {
	case Seconds, Instant:
		return name + "_seconds"
	case Bytes:
		return name + "_bytes"
	case Count:
	}
	return name
}
