//go:build unix

package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/pressrun/pressrun/internal/api"
	"github.com/pressrun/pressrun/internal/release"
	"github.com/pressrun/pressrun/test/program"
)

const (
	// pagesOfOne is how many pages a person has open: fewer than one may have streams.
	pagesOfOne = 250
	// patience is how long anything of the drill may take on the busiest machine.
	patience = 3 * time.Minute
)

// drill is what is tried: so many pages, so many releases, and the bounds.
type drill struct {
	watchers, releases int
	within             time.Duration
	memory             float64
}

// figures are what came of it.
type figures struct {
	watchers, releases, states int
	// missed counts the states that a page did not show, or not in time.
	missed   int
	p50, p99 time.Duration
	slowest  time.Duration
	memory   float64 // the most that the server took, in MB
	measured bool    // false where a process's memory can't be read
	wrong    []string
}

func (f figures) String() string {
	memory := "unknown"
	if f.measured {
		memory = fmt.Sprintf("%.0f", f.memory)
	}
	return fmt.Sprintf("watchers=%d releases=%d states=%d missed=%d p50_ms=%d p99_ms=%d max_ms=%d memory_mb=%s",
		f.watchers, f.releases, f.states, f.missed, f.p50.Milliseconds(), f.p99.Milliseconds(), f.slowest.Milliseconds(), memory)
}

// judge fails where a promise is broken.
func (f figures) judge(d drill) error {
	var err error
	if f.missed > 0 {
		err = fmt.Errorf("%d states were not shown within %s", f.missed, d.within)
	}
	if f.measured && f.memory >= d.memory {
		err = errors.Join(err, fmt.Errorf("the server took %.0f MB, where less than %.0f are promised", f.memory, d.memory))
	}
	return err
}

// run carries the drill out in a folder.
func (d drill) run(ctx context.Context, dir string) (f figures, err error) {
	server, err := d.install(ctx, dir)
	if err != nil {
		return f, err
	}
	process, err := server.Start()
	if err != nil {
		return f, err
	}
	defer func() { err = errors.Join(err, process.Stop()) }()
	if err := server.Ready(ctx, patience); err != nil {
		return f, err
	}
	client, err := api.NewClient(server.URL, server.Token, api.Options{})
	if err != nil {
		return f, err
	}
	if err := d.release(ctx, client, "first"); err != nil { // so that the page has something to show
		return f, err
	}
	watching, leave := context.WithCancel(ctx)
	crowd, err := open(watching, server, d.watchers)
	if err != nil {
		leave()
		return f, err
	}
	for n := range d.releases {
		if err := d.release(ctx, client, fmt.Sprint("watched-", n)); err != nil {
			leave()
			return f, err
		}
	}
	f, err = d.compare(ctx, client, crowd)
	if most, ok := program.Memory(process.PID(), "VmHWM"); ok {
		f.memory, f.measured = most, true
	}
	leave()
	crowd.pages.Wait()
	return f, err
}

// install writes a site whose states last as long as they do somewhere real, only
// shorter: each is there to be seen.
func (d drill) install(ctx context.Context, dir string) (*program.Server, error) {
	binary, err := program.Build(ctx, program.Main)
	if err != nil {
		return nil, err
	}
	source := filepath.Join(dir, "source", "pages")
	if err := os.MkdirAll(source, 0o700); err != nil {
		return nil, fmt.Errorf("make the site: %w", err)
	}
	if err := os.WriteFile(filepath.Join(source, "index.html"), []byte("<!doctype html><title>Opening hours</title><p>Open."), 0o600); err != nil {
		return nil, fmt.Errorf("make the site: %w", err)
	}
	var editors []string
	for n := range (d.watchers + pagesOfOne - 1) / pagesOfOne {
		editors = append(editors, fmt.Sprint("editor-", n))
	}
	return program.InstallFor(ctx, dir, map[string]any{"www": map[string]any{
		"runner": "local", "quiet": "1s", "source": map[string]any{"folder": filepath.Dir(source)},
		"build":  map[string]any{"command": "sleep 2; rm -rf public; cp -r pages public", "output": "public"},
		"deploy": map[string]any{"to": filepath.Join(dir, "live")},
	}}, editors, binary, "serve", "--log-level", "warn", "--config")
}

// release asks for a release and waits until it is live and over.
func (d drill) release(ctx context.Context, client *api.Client, key string) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	asked, err := client.Ask(ctx, "www", key, api.RequestInput{Source: release.FromContent, Actor: "Ada Lovelace", Title: "Opening hours"})
	if err != nil {
		return fmt.Errorf("ask for a release: %w", err)
	}
	for {
		got, err := client.Request(ctx, asked.ID)
		if err != nil {
			return fmt.Errorf("ask what became of %s: %w", asked.ID, err)
		}
		at, err := client.Site(ctx, "www")
		if err != nil {
			return fmt.Errorf("ask how the site stands: %w", err)
		}
		if got.Status == release.Live && at.State == release.Ready {
			return nil
		}
		if at.Last != nil && at.Last.Outcome == release.Failed {
			return fmt.Errorf("the release failed: %s", at.Last.Why)
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("the release did not go live: %s (%w)", at.Text, ctx.Err())
		case <-time.After(250 * time.Millisecond):
		}
	}
}

// compare holds what the pages showed against the audit trail.
func (d drill) compare(ctx context.Context, client *api.Client, c *crowd) (figures, error) {
	f := figures{watchers: len(c.watchers), releases: d.releases}
	told, err := client.EventList(ctx, "www", c.after, 500)
	if err != nil {
		return f, fmt.Errorf("list the audit trail: %w", err)
	}
	told = slices.DeleteFunc(told, func(e api.Event) bool { return !c.kinds[e.Kind] })
	if len(told) == 0 {
		return f, errors.New("nothing happened that a page tells of")
	}
	f.states = len(told)
	c.await(ctx, told[len(told)-1].ID)
	var all []time.Duration
	for n, w := range c.watchers {
		for _, e := range told {
			shown, ok := w.when(e.ID)
			switch late := shown.Sub(e.At); {
			case !ok:
				f.missed++
				f.tell("page %d never showed event %d, %s", n, e.ID, e.Kind)
			case late > d.within:
				f.missed++
				f.tell("page %d showed event %d, %s, after %s", n, e.ID, e.Kind, late.Round(time.Millisecond))
				all = append(all, late)
			default:
				all = append(all, late)
			}
		}
		for _, trouble := range w.troubles() {
			f.tell("page %d: %s", n, trouble)
		}
	}
	if len(all) == 0 {
		return f, nil
	}
	slices.Sort(all)
	at := func(share float64) time.Duration { return all[int(share*float64(len(all)-1))] }
	f.p50, f.p99, f.slowest = at(0.5), at(0.99), at(1)
	return f, nil
}

// tell notes what went wrong; of many, the first few.
func (f *figures) tell(format string, args ...any) {
	if len(f.wrong) < 10 {
		f.wrong = append(f.wrong, fmt.Sprintf(format, args...))
	}
}

// crowd are the open pages.
type crowd struct {
	watchers []*watcher
	pages    sync.WaitGroup
	// after is the last event before all pages were open; kinds are those that pages
	// are fetched for.
	after int64
	kinds map[string]bool
}

// open signs people in and opens their pages.
func open(ctx context.Context, server *program.Server, count int) (*crowd, error) {
	c := &crowd{kinds: map[string]bool{}}
	transport := newTransport(count)
	people := make([]*person, 0, len(server.Editors))
	for name, token := range server.Editors {
		p, err := signIn(ctx, transport, server.URL, name, token)
		if err != nil {
			return nil, err
		}
		people = append(people, p)
	}
	for n := range count {
		w := &watcher{person: people[n%len(people)], shown: map[int64]time.Time{}}
		first, err := w.fetch(ctx)
		if err != nil {
			return nil, fmt.Errorf("open a page: %w", err)
		}
		c.after = max(c.after, first.after)
		for kind := range strings.FieldsSeq(first.kinds) {
			c.kinds[kind] = true
		}
		stream, err := w.follow(ctx, first)
		if err != nil {
			return nil, fmt.Errorf("open the stream of page %d: %w", n, err)
		}
		c.watchers = append(c.watchers, w)
		c.pages.Go(func() { w.watch(ctx, stream) })
	}
	return c, nil
}

// await waits until all pages show an event, or until the drill's patience is over; how
// late each page was is judged after that.
func (c *crowd) await(ctx context.Context, id int64) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	for _, w := range c.watchers {
		for {
			if _, ok := w.when(id); ok {
				break
			}
			select {
			case <-ctx.Done():
				return
			case <-time.After(20 * time.Millisecond):
			}
		}
	}
}
