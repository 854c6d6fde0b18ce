package app

import (
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/pressrun/pressrun/internal/api"
	"github.com/pressrun/pressrun/internal/config"
	"github.com/pressrun/pressrun/internal/release"
	"github.com/pressrun/pressrun/internal/runner"
)

// An old backup is put back while the destination is further, and while a run is under
// way that the ledger does not know. The lost run changes nothing here, nothing is said
// to be live that can't be seen to be, and no number is given twice.
func TestAnOldBackupIsRestoredUnderALiveRun(t *testing.T) {
	var shown atomic.Int64 // the release that the destination shows
	public := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprintf(w, `{"site":"www","release":%d,"sequence":%[1]d}`, shown.Load())
	}))
	t.Cleanup(public.Close)
	state := t.TempDir()
	at := func(t *testing.T) *bench {
		t.Helper()
		return startWith(t, Options{PublicTransport: http.DefaultTransport}, func(c *config.Config) {
			c.State = state
			site := c.Sites["www"]
			site.URL = public.URL
			c.Sites["www"] = site
		})
	}
	publish := func(t *testing.T, b *bench, key string) string {
		t.Helper()
		id, status, why := b.askedWith(t, key)
		if status != http.StatusCreated {
			t.Fatal(status, why)
		}
		job := b.job(t)
		b.run(t, job, release.Ready)
		shown.Store(job.Release)
		return id
	}
	var old, lost string
	var claim api.ClaimResult
	var job runner.Job
	saved := filepath.Join(t.TempDir(), "pressrun.db")
	t.Run("before", func(t *testing.T) {
		b := at(t)
		publish(t, b, "one")
		old = publish(t, b, "two")
		if err := b.app.ledger.Backup(t.Context(), saved); err != nil {
			t.Fatal(err)
		}
		lost = publish(t, b, "three")
		if _, status, why := b.askedWith(t, "four"); status != http.StatusCreated {
			t.Fatal(status, why)
		}
		job = b.job(t)
		var err error
		claim, err = b.client.WithToken(job.Bearer).Claim(t.Context(), "www", api.ClaimInput{Release: 4, Token: job.Token, Run: api.Run{ID: "lost", Attempt: 1}})
		if err != nil {
			t.Fatal(err)
		}
	})
	text, err := os.ReadFile(saved)
	if err != nil {
		t.Fatal(err)
	}
	for _, suffix := range []string{"-wal", "-shm"} {
		if err := os.Remove(filepath.Join(state, "pressrun.db"+suffix)); err != nil && !os.IsNotExist(err) {
			t.Fatal(err)
		}
	}
	if err := os.WriteFile(filepath.Join(state, "pressrun.db"), text, 0o600); err != nil {
		t.Fatal(err)
	}
	b := at(t)
	if err := b.app.current.Load().marker.Look(t.Context(), "www"); err != nil {
		t.Fatal(err)
	}
	r := signedInReader(t, b, operatorToken)
	r.Get("/sites/www").Status(http.StatusOK).Says("shows release #3, which is none of this ledger's: an earlier one was restored").SaysNot("Everything is live")
	if got, err := b.client.Request(t.Context(), old); err != nil || got.Status == release.Live {
		t.Errorf("what the public address does not show is %+v (%v)", got, err)
	}
	if _, err := b.client.Request(t.Context(), lost); problemOf(err) == nil || problemOf(err).Status != http.StatusNotFound {
		t.Errorf("a request that is in no ledger: %v", err)
	}
	b.mustKnowNothingOf(t, job, claim)

	// The next release counts on from what the destination shows, and leaves out the
	// number whose run may be under way.
	if _, status, why := b.askedWith(t, "after"); status != http.StatusCreated {
		t.Fatal(status, why)
	}
	next := b.job(t)
	if next.Release != 5 {
		t.Errorf("the next release is #%d, want #5", next.Release)
	}
	b.await(t, release.Dispatched)
	b.mustKnowNothingOf(t, job, claim) // nor now that something runs
	b.run(t, next, release.Ready)
	shown.Store(next.Release)
	if err := b.app.current.Load().marker.Look(t.Context(), "www"); err != nil {
		t.Fatal(err)
	}
	r.Get("/sites/www").Says("Everything is live, as of release #5")
	if got, err := b.client.Request(t.Context(), old); err != nil || got.Status != release.Live {
		t.Errorf("afterwards the old request is %+v (%v)", got, err)
	}
}

// mustKnowNothingOf plays a run that only the lost ledger knew.
func (b *bench) mustKnowNothingOf(t *testing.T, job runner.Job, claim api.ClaimResult) {
	t.Helper()
	before, err := b.app.ledger.Site(t.Context(), "www")
	if err != nil {
		t.Fatal(err)
	}
	run := api.Run{ID: "lost", Attempt: 1}
	session, handed := b.client.WithToken(claim.Session), b.client.WithToken(job.Bearer)
	for what, call := range map[string]func() error{
		"a report": func() error {
			_, err := session.Report(t.Context(), "www", 4, api.ReportInput{Run: run, Sequence: 1, State: release.InProgress})
			return err
		},
		"a heartbeat": func() error { return session.Heartbeat(t.Context(), "www", 4, api.HeartbeatInput{Run: run}) },
		"a failure": func() error {
			return session.Fail(t.Context(), "www", 4, api.FailureInput{Run: run, Sequence: 2, Why: "broke", Fault: release.FaultBuild})
		},
		"figures": func() error { return session.PutMetrics(t.Context(), "www", 4, api.Metrics{}) },
		"a claim": func() error {
			_, err := handed.Claim(t.Context(), "www", api.ClaimInput{Release: 4, Token: job.Token, Run: run})
			return err
		},
	} {
		if p := problemOf(call()); p == nil || p.Status < 400 || p.Status >= 500 || strings.TrimSpace(p.Detail) == "" {
			t.Errorf("%s of a run that this ledger does not know: %+v", what, p)
		}
	}
	after, err := b.app.ledger.Site(t.Context(), "www")
	if err != nil || after.State != before.State || after.Number != before.Number || after.Current.Run != before.Current.Run {
		t.Errorf("it changed the site from %+v to %+v (%v)", before, after, err)
	}
}

// askedWith asks with a key, and says with which status and words it was answered.
func (b *bench) askedWith(t *testing.T, key string) (id string, status int, detail string) {
	t.Helper()
	out, err := b.client.Ask(t.Context(), "www", key, api.RequestInput{Source: release.FromEditor, Title: key})
	if p := problemOf(err); p != nil {
		return "", p.Status, p.Detail
	}
	if err != nil {
		t.Fatal(err)
	}
	return out.ID, http.StatusCreated, ""
}

// problemOf is the refusal that an error is; nil for none.
func problemOf(err error) *api.Problem {
	p, _ := errors.AsType[*api.Problem](err)
	return p
}
