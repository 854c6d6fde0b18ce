package doctor

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"time"

	"github.com/pressrun/pressrun/internal/api"
	"github.com/pressrun/pressrun/internal/config"
	"github.com/pressrun/pressrun/internal/notify"
	"github.com/pressrun/pressrun/internal/outbound"
)

// traces sends receivers of traces one with nothing in it, which each of them takes
// (https://opentelemetry.io/docs/specs/otlp/#otlphttp-request).
func traces(ctx context.Context, s config.Site) []api.GitHubCheck {
	var checks []api.GitHubCheck
	for _, to := range s.Notify {
		if to.Kind != "otlp" {
			continue
		}
		name := "traces to " + to.Name
		status, err := tryTraces(ctx, to)
		switch {
		case err != nil:
			checks = append(checks, bad(name, "See that the receiver runs, and that the address is that of OTLP/HTTP (port 4318, not 4317, which is gRPC's)", "%v", err))
		case status == http.StatusUnauthorized || status == http.StatusForbidden:
			checks = append(checks, bad(name, "Put the receiver's header into secret_file, such as Authorization: Bearer …", "it answered with %d", status))
		case status != http.StatusOK:
			checks = append(checks, bad(name, "Look at the address: most receivers take traces at /v1/traces", "it answered with %d to a trace with nothing in it", status))
		default:
			checks = append(checks, good(name, "the receiver takes traces"))
		}
	}
	return checks
}

func tryTraces(ctx context.Context, to config.Target) (status int, err error) {
	kind, _ := notify.FindKind(to.Kind)
	address := to.URL
	var headers []string
	if to.URLFile != "" {
		lines, err := config.SecretLines(to.URLFile)
		if err != nil {
			return 0, fmt.Errorf("read its address: %w", err)
		}
		address = lines[0]
	}
	if to.SecretFile != "" {
		if headers, err = config.SecretLines(to.SecretFile); err != nil {
			return 0, fmt.Errorf("read its secret: %w", err)
		}
	}
	address = kind.Address(address)
	client, err := outbound.To(address, nil)
	if err != nil {
		return 0, err
	}
	defer client.Close()
	ctx, cancel := context.WithTimeout(ctx, answerIn)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, address, bytes.NewReader(nil))
	if err != nil {
		return 0, err
	}
	for name, value := range kind.Header("", nil, headers, time.Time{}) {
		r.Header.Set(name, value)
	}
	answer, err := client.Do(r, 1<<10)
	return answer.Status, err
}
