// Package cms is a small stand-in for a content management system: enough of
// one to edit, publish and take down articles, to serve them to a frontend
// over a JSON API, and to tell Pressrun that content has changed.
//
// It has no log-in: it is made for one machine. It answers only requests
// addressed to this machine or to Options.URL, and refuses forms that another
// site's page sends.
package cms

import (
	"cmp"
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/pressrun/pressrun/internal/demo/content"
)

// Change is one content change that the public site must come to show.
type Change struct {
	ID     string    `json:"id"`     // unique and stable over redelivery: an idempotency key
	Entity string    `json:"entity"` // "article/7", or "site" for the first content
	Title  string    `json:"title"`
	Link   string    `json:"link,omitempty"` // the article in this CMS; empty without Options.URL
	Actor  string    `json:"actor"`          // never empty
	Action string    `json:"action"`         // one of the Action constants
	At     time.Time `json:"at"`
}

// The actions of a Change.
const (
	ActionPublish   = "publish"
	ActionUpdate    = "update"
	ActionUnpublish = "unpublish"
	ActionDelete    = "delete"
	ActionImport    = "import" // the first content of a new CMS
)

// Publisher receives every content change. The same change can come more than once,
// always with the same ID: after an error, and after a crash between the delivery and its
// note. Calls come one at a time.
type Publisher interface {
	ContentChanged(ctx context.Context, change Change) error
}

// The states of a change that a StatusSource reports and the pages distinguish. Any other
// state reads as StateWaiting.
const (
	StateWaiting = "waiting"
	StateLive    = "live"
	StateFailed  = "failed" // a release failed; it is being retried
)

// StatusSource answers "is this change live?". Text is shown to editors beside
// the badge: plain words such as "In release #12, live in about a minute".
type StatusSource interface {
	Status(ctx context.Context, changeID string) (state, text string, err error)
}

// Options say how a CMS runs. The zero value is a working CMS in memory.
type Options struct {
	Site         content.Site      // name, tagline and address of the public site; zero: the seed's
	URL          string            // this CMS's own address, for links in changes
	ReleasesURL  string            // Pressrun's page of the site, linked in the header
	File         string            // where content is kept; empty: in memory, lost with the process. One process per file
	Articles     []content.Article // the first content of an empty CMS; nil: Seed()
	AnnounceSeed bool              // queue one change for the first content, so that the site gets its first release
	Publisher    Publisher         // nil: changes are not announced
	Status       StatusSource      // nil: the pages don't claim that anything is live
	Log          *slog.Logger      // nil: slog.Default()
}

// CMS is the stand-in CMS. It is an http.Handler; Run delivers its changes.
type CMS struct {
	opts    Options
	store   *store
	handler http.Handler
	wake    chan struct{}
	log     *slog.Logger
}

var _ http.Handler = (*CMS)(nil)

// New opens the CMS, with the content of Options.File if there is such a file.
// A file that can't be read whole is an error and stays as it is.
func New(opts Options) (*CMS, error) {
	if opts.Site.Name == "" {
		opts.Site.Name, opts.Site.Tagline = SeedSite().Name, SeedSite().Tagline
	}
	for name, address := range map[string]string{"URL": opts.URL, "ReleasesURL": opts.ReleasesURL, "Site.URL": opts.Site.URL} {
		if err := checkAddress(address); err != nil {
			return nil, fmt.Errorf("CMS option %s: %w", name, err)
		}
	}
	c := &CMS{opts: opts, wake: make(chan struct{}, 1), log: cmp.Or(opts.Log, slog.Default())}
	store, err := openStore(opts.File, c.firstState)
	if err != nil {
		return nil, err
	}
	c.store = store
	c.handler = c.routes()
	return c, nil
}

// ServeHTTP serves the editors' pages, the content API and /healthz.
func (c *CMS) ServeHTTP(w http.ResponseWriter, r *http.Request) { c.handler.ServeHTTP(w, r) }

// firstState is the content of a CMS that has none yet.
func (c *CMS) firstState() (state, error) {
	articles := c.opts.Articles
	if articles == nil {
		articles = Seed()
	}
	s := state{NextID: 1}
	for _, a := range articles {
		a.ID = fmt.Sprint(s.NextID)
		s.NextID++
		s.Articles = append(s.Articles, record{Article: a, Version: 1})
	}
	if c.opts.AnnounceSeed && len(s.Articles) > 0 {
		c.announceSeed(&s)
	}
	return s, s.check()
}

func (c *CMS) announceSeed(s *state) {
	change := c.newChange("site", "First content", "Content import", ActionImport)
	change.Link = c.opts.URL
	c.queue(s, change)
	for i := range s.Articles {
		if s.Articles[i].Status == content.Published {
			s.Articles[i].ChangeID = change.ID
		}
	}
}

func checkAddress(address string) error {
	if address == "" {
		return nil
	}
	u, err := url.Parse(address)
	if err != nil || (u.Scheme != "http" && u.Scheme != "https") || u.Host == "" {
		return fmt.Errorf("%q: want http://host or https://host", address)
	}
	return nil
}

// publicLink is the article's page on the public site, or "" when unknown.
func (c *CMS) publicLink(a content.Article) string {
	if c.opts.Site.URL == "" {
		return ""
	}
	return strings.TrimSuffix(c.opts.Site.URL, "/") + "/articles/" + a.Slug + "/"
}
