//go:build unix

package app

import (
	"net/http"
	"strings"
	"testing"

	"github.com/pressrun/pressrun/internal/api"
	"github.com/pressrun/pressrun/internal/config"
	"github.com/pressrun/pressrun/internal/release"
	"github.com/pressrun/pressrun/internal/runner"
	"github.com/pressrun/pressrun/test/eventually"
	"github.com/pressrun/pressrun/test/servers"
)

// oneOfGroup bounds a group of three sites to one release at a time.
func oneOfGroup(c *config.Config) {
	one, zero := 1, config.Duration(0)
	c.Slots = config.Slots{PerGroup: &one}
	for _, name := range []string{"www", "docs", "shop"} {
		c.Sites[name] = config.Site{Title: name, TimeZone: "America/New_York", Runner: "local", Group: "agency-a", Quiet: &zero}
	}
}

func (b *bench) asksOf(t *testing.T, site string, in api.RequestInput) api.AskResult {
	t.Helper()
	out, err := b.client.Ask(t.Context(), site, "", in)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// queued waits until a site's release waits for a slot at a place.
func (b *bench) queued(t *testing.T, site string, place int) (got api.Site) {
	t.Helper()
	eventually.Holds(t, site+" waits for a slot", func() bool {
		var err error
		got, err = b.client.Site(t.Context(), site)
		return err == nil && got.Waiting.Slot != nil && got.Waiting.Slot.Place == place
	})
	return got
}

func TestWhoWaitsForASlotIsToldForWhatAndThePlaceInLine(t *testing.T) {
	waitsForSlots(t, start(t, oneOfGroup))
}

func TestWhoWaitsForASlotIsToldOnPostgreSQLToo(t *testing.T) {
	address := servers.StartPostgres(t).URL()
	waitsForSlots(t, start(t, func(c *config.Config) {
		oneOfGroup(c)
		c.Ledger = address
	}))
}

func waitsForSlots(t *testing.T, b *bench) {
	t.Helper()
	b.asksOf(t, "www", api.RequestInput{Source: release.FromEditor})
	first := b.job(t)
	asked := b.asksOf(t, "docs", api.RequestInput{Source: release.FromEditor})
	b.queued(t, "docs", 1)
	b.asksOf(t, "shop", api.RequestInput{Source: release.FromEditor})
	shop := b.queued(t, "shop", 2)
	want := "Release #1 waits for a free slot of group agency-a: 2nd in line."
	if shop.Text != want || shop.Condition != "queued" || shop.Waiting.For != "slot" || shop.Headline != "Waiting for a slot" {
		t.Errorf("%+v", shop)
	}
	if got := *shop.Waiting.Slot; got != (api.SlotWait{Of: "group", Name: "agency-a", Limit: 1, Place: 2, Lane: "production"}) {
		t.Errorf("the slot that it waits for: %+v", got)
	}
	r, err := b.client.Request(t.Context(), asked.ID)
	if err != nil || r.Condition != "queued" || !strings.Contains(r.Text, "of group agency-a: next in line") || r.Answer != "Not yet: it waits for a free slot" {
		t.Errorf("the request is told %+v, %v", r, err)
	}
	signedInReader(t, b, operatorToken).Get("/sites/shop").Says(want, "It starts by itself", "2nd in line")

	// An operator's emergency passes docs, which came before.
	b.asksOf(t, "shop", api.RequestInput{Source: release.FromOperator, Emergency: true, Reason: "flood"})
	b.queued(t, "docs", 2)
	b.run(t, first, release.Ready)
	for i, site := range []string{"shop", "docs"} {
		job := b.job(t)
		if job.Site != site {
			t.Fatalf("release %d is of %s, want %s", i+2, job.Site, site)
		}
		b.mustBeIdle(t)
		b.run(t, job, release.Ready)
	}
}

func TestReloadTakesOtherLimitsOfSlots(t *testing.T) {
	b := start(t, oneOfGroup)
	b.asksOf(t, "www", api.RequestInput{Source: release.FromEditor})
	first := b.job(t)
	b.asksOf(t, "docs", api.RequestInput{Source: release.FromEditor})
	b.queued(t, "docs", 1)

	next, two := b.having(func(map[string]config.Site) {}), 2
	next.Slots.PerGroup = &two
	if got := b.reload(t, next); !got.App || len(got.Restart) > 0 {
		t.Errorf("it brings %+v", got)
	}
	second := b.job(t)
	if second.Site != "docs" {
		t.Fatalf("a second slot went to %s", second.Site)
	}
	b.asksOf(t, "shop", api.RequestInput{Source: release.FromEditor})
	if got := b.queued(t, "shop", 1); got.Waiting.Slot.Limit != 2 {
		t.Errorf("it waits for a slot of %d", got.Waiting.Slot.Limit)
	}

	b.reload(t, b.having(func(map[string]config.Site) {})) // one again: what runs ends as it would have
	b.run(t, first, release.Ready)
	b.queued(t, "shop", 1)
	b.mustBeIdle(t)
	b.run(t, second, release.Ready)
	b.run(t, b.job(t), release.Ready)
}

// mustBeIdle fails if a job was dispatched beyond the limit.
func (b *bench) mustBeIdle(t *testing.T) {
	t.Helper()
	select {
	case job := <-b.runner.jobs:
		t.Errorf("%s runs beside another one of its group", job.Site)
	default:
	}
}

func TestOnlyOperatorsAskForEmergencies(t *testing.T) {
	b := start(t, withPeople)
	for token, want := range map[string]int{operatorToken: http.StatusCreated, editorToken: http.StatusForbidden} {
		if status, p := b.call(t, http.MethodPost, "/v1/sites/www/requests", token, `{"emergency": true}`); status != want {
			t.Errorf("got %d, %+v, want %d", status, p, want)
		}
	}
	if status, p := b.call(t, http.MethodPost, "/v1/sites/www/requests", operatorToken, `{"emergency": true, "not_before": "2099-01-01T00:00:00Z"}`); status != http.StatusUnprocessableEntity {
		t.Errorf("an emergency for later: %d, %+v", status, p)
	}
}

// Two apps on one database give one slot once, and what one freed the other gives.
func TestAppsShareSlots(t *testing.T) {
	address := servers.StartPostgres(t).URL()
	change := func(c *config.Config) {
		oneOfGroup(c)
		c.Ledger = address
	}
	first, second := start(t, change), start(t, change)
	apps := []*bench{first, second}
	for i, site := range []string{"www", "docs", "shop"} {
		apps[i%2].asksOf(t, site, api.RequestInput{Source: release.FromEditor})
	}
	seen := map[string]bool{}
	for range 3 {
		var job runner.Job
		eventually.Holds(t, "a dispatch", func() bool {
			for _, b := range apps {
				select {
				case job = <-b.runner.jobs:
					return true
				default:
				}
			}
			return false
		})
		for _, b := range apps {
			b.mustBeIdle(t)
		}
		seen[job.Site] = true
		first.run(t, job, release.Ready) // all sites are built on the first one's machine
	}
	if len(seen) != 3 {
		t.Errorf("released were %v", seen)
	}
}
