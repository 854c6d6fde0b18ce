package command

import (
	"context"
	"crypto/rand"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/pressrun/pressrun/app/auth"
	"github.com/pressrun/pressrun/app/problem"
	"github.com/pressrun/pressrun/internal/config"
	"github.com/pressrun/pressrun/internal/ledger"
	"github.com/pressrun/pressrun/internal/notify"
	"github.com/pressrun/pressrun/internal/words"
)

// Notices has notices sent again, and sends tests to targets.
type Notices struct {
	ledger *ledger.Ledger
	sites  map[string]config.Site
	url    string // the app's public address
	// language is that of notices to people.
	language words.Language
}

// NewNotices makes the Notices of an app.
func NewNotices(l *ledger.Ledger, c config.Config) *Notices {
	language, _ := words.Named(c.Pages.Language)
	return &Notices{ledger: l, sites: c.Sites, url: strings.TrimRight(c.URL, "/"), language: language}
}

// noticeTried is how long the sending of a notice is tried.
const noticeTried = 24 * time.Hour

// Replay has a notice sent again that was delivered or given up. One that waits is
// left as it is.
func (n *Notices) Replay(ctx context.Context, who *auth.Caller, site, id string) (one ledger.Notice, err error) {
	err = n.ledger.Read(ctx, func(ctx context.Context, s *ledger.Snapshot) error {
		one, err = s.Notice(ctx, site, id)
		return err
	})
	if err != nil {
		return one, err
	}
	if _, err := n.target(site, one.Target.Name); err != nil {
		return one, err
	}
	return n.ledger.Notices().Replay(ctx, id, who.Name, ledger.Now().Add(noticeTried))
}

// mostReplayed bounds how many notices are sent again by one call.
const mostReplayed = 1000

// ReplayAll has all undelivered notices of a target sent again, the oldest first, 1000
// at most, and tells how many.
func (n *Notices) ReplayAll(ctx context.Context, who *auth.Caller, site, target string) (int, error) {
	if _, err := n.target(site, target); err != nil {
		return 0, err
	}
	var all []ledger.Notice
	err := n.ledger.Read(ctx, func(ctx context.Context, s *ledger.Snapshot) (err error) {
		all, err = s.Notices(ctx, site, ledger.NoticeFilter{Target: target, State: ledger.NoticeUndelivered}, mostReplayed)
		return err
	})
	if err != nil {
		return 0, err
	}
	for i, one := range slices.Backward(all) {
		if _, err := n.ledger.Notices().Replay(ctx, one.ID, who.Name, ledger.Now().Add(noticeTried)); err != nil {
			return len(all) - 1 - i, err
		}
	}
	return len(all), nil
}

// Test puts a test notice in a target's line.
func (n *Notices) Test(ctx context.Context, who *auth.Caller, site, target string) (ledger.Notice, error) {
	to, err := n.target(site, target)
	if err != nil {
		return ledger.Notice{}, err
	}
	kind, ok := notify.FindKind(to.Kind)
	if !ok {
		return ledger.Notice{}, problem.New(http.StatusNotFound, "not_found", "there is no kind of target "+to.Kind)
	}
	conf, now := n.sites[site], ledger.Now()
	fact := notify.Fact{
		Type: notify.Test, At: now, By: who.Name,
		Site: notify.Site{Name: site, Title: conf.Title, URL: strings.TrimRight(conf.URL, "/"), App: n.url, Zone: conf.Location(), Language: n.language},
	}
	id := "msg_test_" + strings.ToLower(rand.Text())
	body, err := kind.Body(id, fact)
	if err != nil {
		return ledger.Notice{}, err
	}
	one := ledger.Notice{
		ID: id, Target: ledger.NoticeTarget{Site: site, Name: target}, Type: string(notify.Test), Body: string(body),
		State: ledger.NoticeWaiting, Created: now, Due: now, Until: now.Add(time.Hour),
	}
	return one, n.ledger.Notices().Put(ctx, one)
}

func (n *Notices) target(site, name string) (config.Target, error) {
	if to, ok := n.sites[site].Target(name); ok {
		return to, nil
	}
	return config.Target{}, problem.New(http.StatusNotFound, "no_target", "the configuration has no target "+name+" under notify of site "+site)
}
