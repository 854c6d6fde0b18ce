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

// apis lists the pages of CMSs by their own APIs, but of WordPress.
type apis struct {
	*fetcher
	origin address.Origin
	api    discover.API
	asked  bool // of the home page which it is
	guess  bool // that it is there at all
}

var ghostKey = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`data-key=["']([0-9a-f]{20,40})["']`) })

// found guesses by the home page which API the CMS has; without a sign of one, that of
// Wagtail is tried.
func (l *apis) found(a answer) bool {
	if l.asked || a.page == nil || a.page.Address != "/" || !a.page.OK() {
		return false
	}
	l.asked = true
	text := a.text
	if a.same {
		text, _ = l.bodies.Whole(a.page.Sum) // a list less where it can't be read
	}
	text = text[:min(len(text), 256<<10)]
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

// kind is what pages are known from. Of Drupal's paths it is not known whether a language
// goes before them: they are looked for, and not promised.
func (l *apis) kind() string {
	if l.api.Name == "Drupal" {
		return state.Probe
	}
	return l.api.Name
}

// mostLists bounds how many pages of lists are asked for.
const mostLists = 20_000

// list lists all, and closes the channel.
func (l *apis) list(ctx context.Context, out chan<- listing) {
	defer close(out)
	send := func(one listing) bool {
		select {
		case out <- one:
			return true
		case <-ctx.Done():
			return false
		}
	}
	queue := l.api.Lists()
	for n := 0; len(queue) > 0 && n < mostLists; n++ {
		at := queue[0]
		queue = queue[1:]
		to, ok := l.origin.Given(at)
		if !ok {
			continue // a list at another host is none of this CMS's
		}
		text, _, err := l.listed(ctx, to.Address)
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
			send(listing{note: fmt.Sprintf("%s's API does not list all (%s: %v): sitemaps and links tell what other pages there are", l.api.Name, to.Address.Path(), err)})
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
