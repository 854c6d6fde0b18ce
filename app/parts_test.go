package app

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/pressrun/pressrun/app/scheduler"
	"github.com/pressrun/pressrun/internal/api"
	"github.com/pressrun/pressrun/internal/release"
	"github.com/pressrun/pressrun/test/eventually"
)

// readiness is what /readyz says, without a token.
func (b *bench) readiness(t *testing.T) (int, map[string]api.ReadyPart, string) {
	t.Helper()
	b.app.current.Load().api.Ready.Again()
	status, text := b.callAs(t, "", http.MethodGet, "/readyz", "")
	var got api.Readiness
	if status != http.StatusOK {
		return status, nil, text
	}
	if err := json.Unmarshal([]byte(text), &got); err != nil {
		t.Fatalf("%v: %s", err, text)
	}
	parts := map[string]api.ReadyPart{}
	for _, p := range got.Parts {
		parts[p.Name] = p
	}
	return status, parts, text
}

func TestReadinessTellsOfEveryPart(t *testing.T) {
	b := start(t, nil)
	status, parts, text := b.readiness(t)
	if status != http.StatusOK || len(parts) != 5 {
		t.Errorf("%d %s", status, text)
	}
	for _, name := range []string{"ledger", "scheduler", "runner", "outbox", "configuration"} {
		if parts[name].State != api.PartOK {
			t.Errorf("%s: %+v", name, parts[name])
		}
	}
}

func TestARunnerThatIsAwayIsAWarningThatNamesNothing(t *testing.T) {
	b := startWith(t, Options{}, withPeople)
	b.app.current.Load().unreachable = func(site string) string {
		if site == "secret" {
			return "GitHub knows no repository agency/secret-plans"
		}
		return ""
	}
	status, parts, text := b.readiness(t)
	if status != http.StatusOK || parts["runner"].State != api.PartWarning || !strings.Contains(parts["runner"].Why, "1 of 2 sites") {
		t.Errorf("%d %s", status, text)
	}
	for _, secret := range []string{"secret", "Secret plans", "agency"} {
		if strings.Contains(text, secret) {
			t.Errorf("anybody is told of %q: %s", secret, text)
		}
	}
}

func TestADeadSchedulerMakesTheAppNotReady(t *testing.T) {
	now := time.Now()
	for name, c := range map[string]struct {
		turned time.Time
		state  string
	}{
		"never begun":        {time.Time{}, api.PartFailed},
		"just now":           {now, api.PartOK},
		"between two rounds": {now.Add(-2 * time.Minute), api.PartOK},
		"dead":               {now.Add(-4 * time.Minute), api.PartFailed},
	} {
		if state, why := schedulerPart(c.turned, now); state != c.state || (why == "") != (state == api.PartOK) {
			t.Errorf("%s: %s %q", name, state, why)
		}
	}
	b := start(t, nil)
	running := b.app.current.Load().scheduler
	t.Cleanup(func() { b.app.current.Load().scheduler = running })
	b.app.current.Load().scheduler = scheduler.New(t.Context(), scheduler.Options{}) // one that nobody started
	status, _, text := b.readiness(t)
	if status != http.StatusServiceUnavailable || !strings.Contains(text, "the scheduler has not begun") || !strings.Contains(text, `"location":"scheduler"`) {
		t.Errorf("%d %s", status, text)
	}
}

func TestATaskThatWaitsLongIsAWarning(t *testing.T) {
	b := start(t, nil)
	b.runner.err = http.ErrServerClosed // of unknown outcome: it is looked for
	if _, err := b.client.Ask(t.Context(), "www", "first", api.RequestInput{Source: release.FromOperator}); err != nil {
		t.Fatal(err)
	}
	eventually.Holds(t, "a task waits in the outbox", func() bool {
		count, _, err := b.app.current.Load().outboxWaits(t.Context())
		return err == nil && count > 0
	})
	_, oldest, err := b.app.current.Load().outboxWaits(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		age  time.Duration
		want string
	}{{time.Minute, api.PartOK}, {oldTask + time.Minute, api.PartWarning}} {
		if state, why := outboxPart(1, oldest, oldest.Add(c.age)); state != c.want {
			t.Errorf("after %s: %s %s", c.age, state, why)
		}
	}
}
