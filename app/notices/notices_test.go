package notices

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pressrun/pressrun/internal/cms"
	"github.com/pressrun/pressrun/internal/config"
	"github.com/pressrun/pressrun/internal/ledger"
	"github.com/pressrun/pressrun/internal/ledger/sqlite"
	"github.com/pressrun/pressrun/internal/release"
	"github.com/pressrun/pressrun/test/ledgerfile"
)

const secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSwMfKQ9r8G"

// receiver takes what is sent, or does not.
type receiver struct {
	mu   sync.Mutex
	got  []received
	fail func(n int) (int, error) // of the n-th call; nil takes all
	n    int
}

type received struct {
	id, kind, body, subject, host string
	at                            time.Time
	header                        http.Header
}

func (r *receiver) RoundTrip(req *http.Request) (*http.Response, error) {
	body, err := io.ReadAll(req.Body)
	if err != nil {
		return nil, err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.n++
	status := http.StatusNoContent
	if r.fail != nil {
		if status, err = r.fail(r.n); err != nil {
			return nil, err
		}
	}
	if status/100 == 2 {
		var e struct{ ID, Type, Subject string }
		if err := json.Unmarshal(body, &e); err != nil {
			return nil, err
		}
		r.got = append(r.got, received{e.ID, e.Type, string(body), e.Subject, req.URL.Host, time.Now(), req.Header})
	}
	return &http.Response{StatusCode: status, Header: http.Header{"Location": {"https://elsewhere.example/"}}, Body: io.NopCloser(strings.NewReader("no\nroom")), Request: req}, nil
}

func (r *receiver) taken() []received {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.got)
}

func opened(t testing.TB, dir string) *ledger.Ledger {
	t.Helper()
	l, err := ledger.Open(t.Context(), sqlite.At(filepath.Join(dir, "pressrun.db")), ledger.Options{Sites: map[string]release.Policy{"www": release.DefaultPolicy()}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := l.Close(); err != nil {
			t.Error(err)
		}
	})
	return l
}

// configOf has a target of kind webhook of each name, with two secrets.
func configOf(t testing.TB, dir string, names ...string) config.Config {
	t.Helper()
	file := filepath.Join(dir, "secret")
	if err := os.WriteFile(file, []byte("whsec_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\n"+secret+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	site := config.Site{Title: "Riverside", URL: "https://www.example.gov/"}
	for _, name := range names {
		site.Notify = append(site.Notify, config.Target{Name: name, Kind: "webhook", URL: "https://" + name + ".example.gov/in", SecretFile: file})
	}
	return config.Config{URL: "https://pressrun.example.gov", Sites: map[string]config.Site{"www": site}}
}

// running sends to the receiver until the returned function is called.
func running(t testing.TB, c config.Config, l *ledger.Ledger, lines Lines, to http.RoundTripper) (stop func()) {
	t.Helper()
	n, err := New(Options{Config: c, Ledger: l, Lines: lines, Log: slog.New(slog.DiscardHandler), Transport: to})
	if err != nil {
		t.Fatal(err)
	}
	if err := n.Begin(t.Context(), []string{"www"}); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	var all sync.WaitGroup
	all.Go(func() { n.Run(ctx) })
	stop = sync.OnceFunc(func() { cancel(); all.Wait() })
	t.Cleanup(stop)
	return stop
}

// released carries a release of so many requests out, to an outcome.
func released(t testing.TB, l *ledger.Ledger, requests int, ends release.Event) {
	t.Helper()
	for i := range requests {
		if _, err := l.Accept(t.Context(), ledger.Request{Site: "www", Source: release.FromContent, Actor: "Ana", Title: fmt.Sprintf("Page <%d>", i), Entity: fmt.Sprintf("node/%d", i)}); err != nil {
			t.Fatal(err)
		}
	}
	time.Sleep(2 * time.Minute)
	carryOut(t, l, fmt.Sprintf("token-%d", time.Now().UnixNano()), ends)
}

// carryOut carries a release out of what waits, to an outcome.
func carryOut(t testing.TB, l *ledger.Ledger, token string, ends release.Event) {
	t.Helper()
	site, err := l.Tick(t.Context(), "www", token)
	if err != nil {
		t.Fatal(err)
	}
	run := release.Run{ID: site.Current.Dispatch.Token, Attempt: 1}
	for _, e := range []release.Event{
		release.DispatchConfirmed{Token: site.Current.Dispatch.Token, Run: run},
		release.Claim{Release: site.Current.Number, Token: site.Current.Dispatch.Token, Run: run},
		release.Report{Release: site.Current.Number, Run: run, Sequence: 1, To: release.InProgress},
		ends,
	} {
		switch end := e.(type) {
		case release.Report:
			end.Release, end.Run = site.Current.Number, run
			e = end
		case release.Failure:
			end.Release, end.Run = site.Current.Number, run
			e = end
		}
		if _, err := l.Decide(t.Context(), "www", e); err != nil {
			t.Fatal(err)
		}
	}
	if end, ok := ends.(release.Report); ok && end.To == release.Complete {
		if _, err := l.Decide(t.Context(), "www", release.Report{Release: site.Current.Number, Run: run, Sequence: 3, To: release.Ready}); err != nil {
			t.Fatal(err)
		}
	}
}

var (
	live   = release.Report{Sequence: 2, To: release.Complete}
	failed = release.Failure{Sequence: 2, Why: "the page <b> has no title", Fault: release.FaultContent}
)

func kindsOf(got []received) (kinds []string) {
	for _, g := range got {
		kinds = append(kinds, strings.TrimPrefix(g.kind, "pressrun."))
	}
	return kinds
}

func TestEachChangeAndEachRequestIsToldOnceInOrderAndSigned(t *testing.T) {
	t.Parallel()
	dir := ledgerfile.Folder(t)
	synctest.Test(t, func(t *testing.T) {
		l, to := opened(t, dir), &receiver{}
		running(t, configOf(t, dir, "cms"), l, l.Notices(), to)
		released(t, l, 2, failed)
		time.Sleep(time.Minute)
		released(t, l, 1, live)
		time.Sleep(time.Minute)
		got := to.taken()
		want := "release.requested release.dispatched release.started release.in_progress release.failed request.failed request.failed " +
			"release.requested site.hold_lifted release.dispatched release.started release.in_progress release.live request.live request.live request.live release.succeeded"
		kinds := strings.Join(kindsOf(got), " ")
		if kinds != want && kinds != strings.Replace(want, " site.hold_lifted", "", 1) {
			t.Errorf("it was told\n%s, want\n%s", kinds, want)
		}
		standard, _ := cms.Find("standard")
		ids := map[string]bool{}
		for _, g := range got {
			if ids[g.id] || g.header.Get("webhook-id") != g.id {
				t.Errorf("%s came twice, or under another webhook-id", g.id)
			}
			ids[g.id] = true
			d := cms.Delivery{Header: g.header, Body: []byte(g.body)}
			if err := standard.Verify(d, []string{secret}, g.at); err != nil {
				t.Errorf("by the older secret: %v", err)
			}
			if err := standard.Verify(d, []string{"whsec_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"}, g.at); err != nil {
				t.Errorf("by the newer secret: %v", err)
			}
			d.Body = append(d.Body, ' ')
			if standard.Verify(d, []string{secret}, g.at) == nil {
				t.Error("the signature is not of the body")
			}
		}
	})
}

func TestATargetThatIsDownIsAskedForADayAndHoldsNobodyUp(t *testing.T) {
	t.Parallel()
	dir := ledgerfile.Folder(t)
	synctest.Test(t, func(t *testing.T) {
		l := opened(t, dir)
		var mu sync.Mutex
		var tries []time.Time
		down := &receiver{fail: func(int) (int, error) {
			mu.Lock()
			defer mu.Unlock()
			tries = append(tries, time.Now())
			return 0, errors.New("connection refused")
		}}
		up := &receiver{}
		begun := time.Now()
		c := configOf(t, dir, "down", "up")
		running(t, c, l, l.Notices(), byHost{"down.example.gov": down, "up.example.gov": up})
		released(t, l, 1, live)
		time.Sleep(time.Minute)
		if n := len(up.taken()); n != 7 {
			t.Errorf("the other target was told %d times: %v", n, kindsOf(up.taken()))
		}
		time.Sleep(30 * time.Hour)
		all := noticesOf(t, l, "down", "")
		if len(all) != 7 {
			t.Fatalf("%d notices", len(all))
		}
		for _, n := range all {
			if n.State != ledger.NoticeUndelivered || !strings.Contains(n.Trouble, "connection refused") {
				t.Errorf("%s is %s: %q", n.Type, n.State, n.Trouble)
			}
		}
		mu.Lock()
		made := slices.Clone(tries)
		mu.Unlock()
		if len(made) > 60 || made[len(made)-1].Sub(begun) < 23*time.Hour {
			t.Errorf("it was tried %d times, the last after %s", len(made), made[len(made)-1].Sub(begun))
		}
		down.fail = nil
		first := all[len(all)-1]
		if _, err := l.Notices().Replay(t.Context(), first.ID, "ops", time.Now().Add(Tried)); err != nil {
			t.Fatal(err)
		}
		time.Sleep(2 * time.Hour)
		if got := down.taken(); len(got) != 1 || got[0].id != first.ID || got[0].body != first.Body {
			t.Errorf("replayed: %+v", got)
		}
	})
}

func TestAnAnswerThatIsNoneIsATryThatFailed(t *testing.T) {
	t.Parallel()
	for status, want := range map[int]string{302: "a redirect, which is not followed", 404: "it answered with 404: no room", 500: "it answered with 500", 410: "it wants no more"} {
		t.Run(fmt.Sprint(status), func(t *testing.T) {
			dir := ledgerfile.Folder(t)
			synctest.Test(t, func(t *testing.T) {
				l, to := opened(t, dir), &receiver{fail: func(int) (int, error) { return status, nil }}
				running(t, configOf(t, dir, "cms"), l, l.Notices(), to)
				if _, err := l.Decide(t.Context(), "www", release.PauseSite{Act: release.Act{By: "ops", Why: "moving"}}); err != nil {
					t.Fatal(err)
				}
				time.Sleep(time.Minute)
				all := noticesOf(t, l, "cms", "")
				state := ledger.NoticeWaiting
				if status == 410 {
					state = ledger.NoticeUndelivered
				}
				if len(all) != 1 || all[0].State != state || all[0].Status != status || !strings.Contains(all[0].Trouble, want) {
					t.Errorf("%+v", all)
				}
			})
		})
	}
}

func noticesOf(t testing.TB, l *ledger.Ledger, target string, state ledger.NoticeState) (all []ledger.Notice) {
	t.Helper()
	if err := l.Read(t.Context(), func(ctx context.Context, s *ledger.Snapshot) (err error) {
		all, err = s.Notices(t.Context(), "www", ledger.NoticeFilter{Target: target, State: state}, 1000)
		return err
	}); err != nil {
		t.Fatal(err)
	}
	return all
}

type byHost map[string]*receiver

func (b byHost) RoundTrip(r *http.Request) (*http.Response, error) { return b[r.URL.Host].RoundTrip(r) }

func TestARequestThatIsScheduledAndWithdrawnIsToldWithItsSubject(t *testing.T) {
	t.Parallel()
	dir := ledgerfile.Folder(t)
	synctest.Test(t, func(t *testing.T) {
		l, to := opened(t, dir), &receiver{}
		running(t, configOf(t, dir, "cms"), l, l.Notices(), to)
		accepted, err := l.Accept(t.Context(), ledger.Request{Site: "www", Source: release.FromEditor, Actor: "Ada", Title: "Flu shots", NotBefore: time.Now().Add(time.Hour)})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := l.Withdraw(t.Context(), accepted.Request.ID, "Ada", ""); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Minute)
		got := to.taken()
		for _, one := range got {
			if one.subject != "requests/"+accepted.Request.ID || !strings.Contains(one.body, `\"Flu shots\"`) {
				t.Errorf("told of %s: %s", one.subject, one.body)
			}
		}
		if want := []string{"request.scheduled", "request.withdrawn"}; !slices.Equal(kindsOf(got), want) {
			t.Errorf("told of %v, want %v", kindsOf(got), want)
		}
	})
}
