package crawl

import (
	"context"
	"fmt"
	"regexp"
	"strings"
	"sync"

	"github.com/pressrun/pressrun/internal/bake/address"
	"github.com/pressrun/pressrun/internal/bake/discover"
	"github.com/pressrun/pressrun/internal/bake/state"
)

// apis lists the pages of CMSs by their APIs, all but WordPress's.
type apis struct {
	*fetcher
	origin address.Origin
	api    discover.API
	asked  bool // the home page was looked at
	guess  bool // the home page shows no sign of the API
}

var ghostKey = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`data-key=["']([0-9a-f]{20,40})["']`) })

// found guesses by the home page which API the CMS has; without a sign of one, that of
// Wagtail is tried.
func (l *apis) found(a answer) bool {
	text, ok := l.home(a)
	if l.asked || !ok {
		return false
	}
	l.asked = true
	key := ghostKey().FindSubmatch(text)
	switch {
	case key != nil && strings.Contains(string(text), "/ghost/"):
		l.api = discover.Ghost(string(key[1]))
	case strings.Contains(a.header.Get("X-Generator"), "Drupal"):
		l.api = discover.Drupal()
	default:
		l.api, l.guess = discover.Wagtail(), true
	}
	return true
}

// kind is the kind of source of the listed pages. Drupal's paths are guesses, since a
// language may go before them.
func (l *apis) kind() string {
	if l.api.Name == "Drupal" {
		return state.Probe
	}
	return l.api.Name
}

// mostLists bounds how many pages of lists are requested.
const mostLists = 20_000

// list lists all, and closes the channel.
func (l *apis) list(ctx context.Context, out chan<- listing) {
	defer close(out)
	send := sender(ctx, out)
	queue := l.api.Lists()
	for n := 0; len(queue) > 0 && n < mostLists; n++ {
		at := queue[0]
		queue = queue[1:]
		to, ok := l.origin.Given(at)
		if !ok {
			continue // a list at another host is none of this CMS's
		}
		text, _, err := l.askAPI(ctx, to.Address)
		var pages []string
		var next string
		switch {
		case err == nil && n == 0 && l.api.Index != nil:
			queue, err = l.api.Index(text)
		case err == nil:
			pages, next, err = l.api.Page(at, text)
		}
		if err != nil {
			if n == 0 && l.guess || ctx.Err() != nil {
				return
			}
			send(listing{note: fmt.Sprintf("%s's API does not list all pages (%s: %v): the others are found by sitemaps and links", l.api.Name, to.Address.Path(), err)})
			if n == 0 {
				return
			}
			continue
		}
		if next != "" {
			queue = append(queue, next)
		}
		entries := make([]discover.Entry, len(pages))
		for i, page := range pages {
			entries[i].Address = page
		}
		if len(pages) > 0 && !send(listing{kind: l.kind(), entries: entries}) {
			return
		}
	}
}
