package app

import (
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"

	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"

	"github.com/pressrun/pressrun/internal/api"
	"github.com/pressrun/pressrun/internal/config"
	"github.com/pressrun/pressrun/internal/ledger"
	"github.com/pressrun/pressrun/internal/release"
	"github.com/pressrun/pressrun/test/eventually"
)

// receiver is a CMS that is told, and verifies what it is told by the official
// library.
type receiver struct {
	url  string
	down atomic.Bool
	mu   sync.Mutex
	got  []string
}

func newReceiver(t *testing.T, secret string) *receiver {
	t.Helper()
	wh, err := standardwebhooks.NewWebhook(secret)
	if err != nil {
		t.Fatal(err)
	}
	r := &receiver{}
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) {
		body, err := io.ReadAll(q.Body)
		if err == nil {
			err = wh.Verify(body, q.Header)
		}
		switch {
		case err != nil:
			w.WriteHeader(http.StatusBadRequest)
			t.Errorf("what came is not signed: %v", err)
		case r.down.Load():
			w.WriteHeader(http.StatusInternalServerError)
		default:
			r.mu.Lock()
			r.got = append(r.got, string(body))
			r.mu.Unlock()
		}
	}))
	t.Cleanup(srv.Close)
	r.url = srv.URL
	return r
}

func (r *receiver) count() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return len(r.got)
}

// told has a target of kind webhook at an address.
func told(address string) func(*config.Config) {
	return func(c *config.Config) {
		withPeople(c)
		file := filepath.Join(c.State, "notify-secret")
		if err := os.WriteFile(file, []byte(signingSecret+"\n"), 0o600); err != nil {
			panic(err) // a folder of the test's own
		}
		site := c.Sites["www"]
		site.Notify = []config.Target{{Name: "cms", Kind: "webhook", URL: address, SecretFile: file, Events: []string{"request.*", "site.paused"}}}
		c.Sites["www"] = site
	}
}

func TestACMSIsToldWhatBecameOfItsRequests(t *testing.T) {
	cms := newReceiver(t, signingSecret)
	b := start(t, told(cms.url))
	asked, err := b.client.Ask(t.Context(), "www", "k", api.RequestInput{Source: release.FromContent, Actor: "Ana", Title: "Opening hours", Entity: "node/12"})
	if err != nil {
		t.Fatal(err)
	}
	b.run(t, b.job(t), release.Ready)
	eventually.Holds(t, "it is told", func() bool { return cms.count() == 1 })
	var all []api.Notice
	eventually.Holds(t, "the notice is delivered", func() bool {
		all, err = b.client.Notices(t.Context(), "www", api.NoticeQuery{State: "delivered", Limit: 10})
		return err != nil || len(all) > 0
	})
	if len(all) != 1 || all[0].Type != "request.live" || all[0].Request != asked.ID || all[0].Status != http.StatusOK {
		t.Errorf("got %+v", all)
	}
}

func TestWhatATargetDidNotTakeIsShownAndSentAgain(t *testing.T) {
	cms := newReceiver(t, signingSecret)
	cms.down.Store(true)
	b := start(t, told(cms.url))
	n, err := b.client.TestTarget(t.Context(), "www", "cms")
	if err != nil {
		t.Fatal(err)
	}
	eventually.Holds(t, "it is tried", func() bool {
		n, err = b.client.Notice(t.Context(), "www", n.ID)
		return err == nil && n.Tries > 0
	})
	if n.State != "waiting" || n.Status != http.StatusInternalServerError || n.DueAt == nil {
		t.Errorf("got %+v", n)
	}
	one := ledger.Notice{ID: n.ID, Type: n.Type, Target: ledger.NoticeTarget{Site: "www", Name: "cms"}}
	if err := b.app.ledger.Notices().GaveUp(t.Context(), one, 500, `it answered with 500: <b>"no"</b>`); err != nil {
		t.Fatal(err)
	}
	r := signedInReader(t, b, operatorToken)
	r.Get("/sites/www").Says("1 undelivered")
	r.Get("/sites/www/notices?state=undelivered").Status(http.StatusOK).Says("Undelivered after 2 tries", `it answered with 500: <b>"no"</b>`)
	cms.down.Store(false)
	r.Form("/sites/www/notices/"+n.ID, url.Values{}).Status(http.StatusSeeOther)
	eventually.Holds(t, "it is delivered", func() bool { return cms.count() == 1 })
	r.Form("/sites/www/notices/none", url.Values{}).Status(http.StatusNotFound)
	signedInReader(t, b, editorToken).Get("/sites/www/notices").Status(http.StatusForbidden)
	done, err := b.client.ReplayNotices(t.Context(), "www", "cms")
	if err != nil || done.Replayed != 0 {
		t.Errorf("%d were replayed (%v)", done.Replayed, err)
	}
	if _, err := b.client.TestTarget(t.Context(), "www", "slack"); err == nil {
		t.Error("a target that is not configured was tried")
	}
}
