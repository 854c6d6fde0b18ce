package auth

import (
	"bytes"
	"context"
	"log/slog"
	"net/http"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pressrun/pressrun/internal/config"
	"github.com/pressrun/pressrun/internal/ledger"
	"github.com/pressrun/pressrun/internal/ledger/sqlite"
	"github.com/pressrun/pressrun/internal/release"
)

// authorizer is an Authorizer of one site, whose ledger is closed when the test
// ends.
func authorizer(t *testing.T, state string, change func(*config.Config)) (*Authorizer, *ledger.Ledger) {
	t.Helper()
	conf := config.Config{
		State: state, Sites: map[string]config.Site{"www": {Runner: config.RunnerLocal}},
		Tokens: []config.Token{
			{Name: "ops", Role: "operator", SHA256: HashToken("operator-token")},
			{Name: "newsroom", Role: "editor", SHA256: HashToken("editor-token")},
			{Name: "cms", Role: "cms", SHA256: HashToken("cms-token")},
		},
	}
	if change != nil {
		change(&conf)
	}
	led, err := ledger.Open(t.Context(), sqlite.At(filepath.Join(state, "pressrun.db")), ledger.Options{Sites: map[string]release.Policy{"www": conf.Sites["www"].Policy()}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := led.Close(); err != nil {
			t.Error(err)
		}
	})
	keys, err := LoadKeys(filepath.Join(state, "key"))
	if err != nil {
		t.Fatal(err)
	}
	return New(Options{Config: conf, Ledger: led, Keys: keys, Log: slog.New(slog.DiscardHandler)}), led
}

func TestARunsCredentialsEndWithItsRelease(t *testing.T) {
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		a, led := authorizer(t, dir, nil)
		job, session := a.MintJob("www", 1), a.MintSession(Grant{Site: "www", Release: 1, Run: "r", Attempt: 1})
		is := func(when string, want string) {
			t.Helper()
			for credential, role := range map[string]Role{job: Job, session: Session} {
				got := "nobody"
				if c := a.bearer(t.Context(), credential); c != nil && c.Refused != nil {
					got = c.Refused.Code
				} else if c != nil && c.Role == role && c.Grant.Release == 1 {
					got = "let in"
				}
				if got != want {
					t.Errorf("%s, a %s is %s, want %s", when, role, got, want)
				}
			}
		}
		is("before the release", "let in")
		if _, err := led.Accept(t.Context(), ledger.Request{Site: "www", Source: release.FromEditor}); err != nil {
			t.Fatal(err)
		}
		is("while it waits", "let in")
		time.Sleep(2 * afterEnd)
		if _, err := led.Tick(t.Context(), "www", "token"); err != nil {
			t.Fatal(err)
		}
		if _, err := led.Decide(t.Context(), "www", release.DispatchConfirmed{Token: "token", Run: release.Run{ID: "r", Attempt: 1}}); err != nil {
			t.Fatal(err)
		}
		is("while it lasts", "let in")
		if _, err := led.Decide(t.Context(), "www", release.ResetSite{Act: release.Act{By: "ops", Why: "lost"}}); err != nil {
			t.Fatal(err)
		}
		time.Sleep(afterEnd - time.Minute)
		is("when it has just ended", "let in")
		time.Sleep(2 * time.Minute)
		is("when it has ended", "unauthorized")
	})
}

func TestACredentialOfAReleaseThatNeverEndsExpires(t *testing.T) {
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		a, _ := authorizer(t, dir, nil)
		for _, c := range []struct {
			credential string
			life       time.Duration
		}{
			{a.MintJob("www", 1), jobLife},
			{a.MintSession(Grant{Site: "www", Release: 1, Run: "r", Attempt: 1}), sessionLife - jobLife},
		} {
			time.Sleep(c.life - time.Minute)
			if a.bearer(t.Context(), c.credential) == nil {
				t.Errorf("%.4s… is worthless before its time", c.credential)
			}
			time.Sleep(time.Minute)
			if a.bearer(t.Context(), c.credential) != nil {
				t.Errorf("%.4s… is good after its time", c.credential)
			}
		}
		if a.bearer(t.Context(), a.keys.Mint(kindJob, Grant{Site: "www", Release: 1})) != nil {
			t.Error("a credential without an end is good")
		}
	})
}

// A run on this machine has nothing but what it was handed to get a new session
// with: both last for as long as the run may.
func TestNoRunOnThisMachineOutlivesItsCredentials(t *testing.T) {
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		a, _ := authorizer(t, dir, nil)
		limit := config.Duration(30 * 24 * time.Hour)
		a.config.Sites["www"] = config.Site{Runner: "local", Limit: &limit}
		job, session := a.MintJob("www", 1), a.MintSession(Grant{Site: "www", Release: 1, Run: "r", Attempt: 1})
		time.Sleep(limit.Std())
		if a.bearer(t.Context(), job) == nil || a.bearer(t.Context(), session) == nil {
			t.Error("a credential ended before its run's limit")
		}
		time.Sleep(2 * afterEnd)
		if a.bearer(t.Context(), job) != nil || a.bearer(t.Context(), session) != nil {
			t.Error("a credential is good long after its run's limit")
		}
	})
}

// A caller who goes away ends what is read for the call: that is no fault of the
// app's.
func TestACallerWhoHasGoneIsNoFaultInTheLog(t *testing.T) {
	a, _ := authorizer(t, t.TempDir(), nil)
	var log bytes.Buffer
	a.log = slog.New(slog.NewTextHandler(&log, nil))
	ctx, gone := context.WithCancel(t.Context())
	gone()
	if c := a.bearer(ctx, a.MintJob("www", 1)); c == nil || c.Refused == nil || c.Refused.Status != http.StatusServiceUnavailable {
		t.Errorf("a credential that could not be looked up is %+v", c)
	}
	if log.Len() > 0 {
		t.Errorf("the log says %s", &log)
	}
	logUnlessGone(t.Context(), a.log, "sign-outs can't be read")
	if !strings.Contains(log.String(), "can't be read") {
		t.Error("what fails for a caller who waits is not in the log")
	}
}
