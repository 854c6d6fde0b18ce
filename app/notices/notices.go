// Package notices sends notices of the sites' events to targets: for each target it reads
// the audit trail from a cursor in the ledger, puts notices in line, and sends them one after
// the other. No target delays another one, or a release.
package notices

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/pressrun/pressrun/internal/config"
	"github.com/pressrun/pressrun/internal/ledger"
	"github.com/pressrun/pressrun/internal/notify"
	"github.com/pressrun/pressrun/internal/outbound"
	"github.com/pressrun/pressrun/internal/words"
)

// Ledger is what Notices needs of a *ledger.Ledger.
type Ledger interface {
	TrailGrown(site string) <-chan struct{}
	Read(ctx context.Context, answer func(context.Context, *ledger.Snapshot) error) error
	FirstNotice(ctx context.Context, to ledger.NoticeTarget) (ledger.Notice, bool, error)
	NoticesInLine(ctx context.Context, to ledger.NoticeTarget, limit int) ([]ledger.Notice, error)
	CountNotices(ctx context.Context, to ledger.NoticeTarget, state ledger.NoticeState) (int, error)
	NoticeCursor(ctx context.Context, to ledger.NoticeTarget) (ledger.NoticeCursor, error)
	NoticePlace(ctx context.Context, to ledger.NoticeTarget, release int64) (string, error)
	Handed(ctx context.Context, to ledger.NoticeTarget) (ledger.Handed, error)
}

// Lines are the lines of notices in the ledger.
type Lines interface {
	Begin(ctx context.Context, site string, names []string) error
	Make(ctx context.Context, to ledger.NoticeTarget, from, upto ledger.NoticeCursor, made []ledger.Notice) error
	Delivered(ctx context.Context, one ledger.Notice, how ledger.Taken) error
	Late(ctx context.Context, to ledger.NoticeTarget, late bool, why string) error
	Lost(ctx context.Context, to ledger.NoticeTarget, release int64) error
	Failed(ctx context.Context, one ledger.Notice, status int, trouble string, again time.Time) error
	GaveUp(ctx context.Context, one ledger.Notice, status int, trouble string) error
}

// Options are what New needs.
type Options struct {
	Config config.Config
	Ledger Ledger
	Lines  Lines
	Log    *slog.Logger
	// Transport carries all notices; nil for the network.
	Transport http.RoundTripper
}

// Notices sends the notices of all sites.
type Notices struct {
	lines   Lines
	targets []*target
	log     *slog.Logger
}

// New makes the Notices of a configuration. It reads the targets' secrets.
func New(o Options) (*Notices, error) {
	n := &Notices{lines: o.Lines, log: o.Log}
	for name, site := range o.Config.Sites {
		for _, c := range site.Notify {
			t, err := newTarget(o, name, site, c)
			if err != nil {
				return nil, fmt.Errorf("prepare the target %s of site %s: %w", c.Name, name, err)
			}
			n.targets = append(n.targets, t)
		}
	}
	return n, nil
}

func newTarget(o Options, name string, site config.Site, c config.Target) (*target, error) {
	kind, ok := notify.FindKind(c.Kind)
	if !ok {
		return nil, fmt.Errorf("there is no kind %q", c.Kind)
	}
	t := &target{
		NoticeTarget: ledger.NoticeTarget{Site: name, Name: c.Name},
		kind:         kind, ledger: o.Ledger, lines: o.Lines, log: o.Log.With("site", name, "target", c.Name),
		site: notify.Site{Name: name, Title: site.Title, URL: strings.TrimRight(site.URL, "/"), App: strings.TrimRight(o.Config.URL, "/"), Zone: site.Location()},
	}
	t.site.Language, _ = words.Named(o.Config.Pages.Language)
	var err error
	if t.wanted, err = c.Selected(); err != nil {
		return nil, err
	}
	if kind.People {
		t.people = people{longestQueue: c.LongestQueue(), to: c.SMTP.To, askers: c.SMTP.Askers}
		if t.people.policy, err = c.Policy(site); err != nil {
			return nil, err
		}
	}
	switch {
	case kind.HandsOff:
		t.late = c.LateAfter()
		t.sender, err = newHandSender(o, kind, t.NoticeTarget, c)
	case kind.Name == "smtp":
		t.sender, err = newMailSender(name, c)
	case c.Slack.TokenFile != "":
		t.pause = slackPause
		t.sender, err = newSlackSender(o, t.NoticeTarget, c)
	default:
		t.sender, err = newWebSender(o, kind, c)
	}
	return t, err
}

func newWebSender(o Options, kind notify.Kind, c config.Target) (*webSender, error) {
	address := c.URL
	if c.URLFile != "" {
		lines, err := config.SecretLines(c.URLFile)
		if err != nil {
			return nil, fmt.Errorf("read its address: %w", err)
		}
		address = lines[0]
	}
	if kind.Address != nil {
		address = kind.Address(address)
	}
	client, err := outbound.To(address, o.Transport)
	if err != nil {
		return nil, err
	}
	s := &webSender{kind: kind, address: address, client: client}
	if c.SecretFile != "" {
		if s.secrets, err = Secrets(c); err != nil {
			return nil, err
		}
	}
	return s, nil
}

// Secrets are the secrets of a target: one a line, the newest first, several while
// one is being replaced.
func Secrets(c config.Target) ([]string, error) {
	lines, err := config.SecretLines(c.SecretFile)
	if err != nil {
		return nil, fmt.Errorf("read its secret: %w", err)
	}
	switch c.Kind {
	case "otlp":
		for i, line := range lines {
			if _, _, err := notify.ReadHeader(line); err != nil {
				return nil, fmt.Errorf("line %d of %s %w", i+1, c.SecretFile, err)
			}
		}
		return lines, nil
	case "webhook", "handoff":
	default:
		return lines, nil
	}
	keys := make([]string, len(lines))
	for i, line := range lines {
		if keys[i], err = notify.ReadSecret(line); err != nil {
			return nil, fmt.Errorf("line %d of %s %w", i+1, c.SecretFile, err)
		}
	}
	return keys, nil
}

// Begin makes the configured targets those of the sites. sites are all sites of the ledger.
func (n *Notices) Begin(ctx context.Context, sites []string) error {
	for _, site := range sites {
		var names []string
		for _, t := range n.targets {
			if t.Site == site {
				names = append(names, t.Name)
			}
		}
		if err := n.lines.Begin(ctx, site, names); err != nil {
			return fmt.Errorf("begin the notices of %s: %w", site, err)
		}
	}
	return nil
}

// Run sends notices to all targets until ctx ends.
func (n *Notices) Run(ctx context.Context) {
	var all sync.WaitGroup
	for _, t := range n.targets {
		all.Go(func() {
			defer t.sender.close()
			t.run(ctx)
		})
	}
	all.Wait()
}
