//go:build unix

package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/pressrun/pressrun/internal/api"
	"github.com/pressrun/pressrun/internal/ledger/sqlite"
	"github.com/pressrun/pressrun/internal/release"
	"github.com/pressrun/pressrun/test/program"
)

// figures are what the drill found.
type figures struct {
	mu sync.Mutex

	acknowledged, resent, recovered, refused int
	lost, doubleRequests, double, damaged    int
	releases, builds, failed                 int
	tormented                                time.Duration
	told                                     int
}

func (f *figures) broken() bool {
	return f.lost+f.doubleRequests+f.double+f.damaged+f.refused > 0 || f.acknowledged == 0 || f.builds == 0
}

// tell prints a broken promise, the first few times.
func (f *figures) tell(format string, args ...any) {
	if f.told++; f.told <= 20 {
		fmt.Fprintf(os.Stderr, "BROKEN: "+format+"\n", args...)
	}
}

func (f *figures) line(o options) string {
	return fmt.Sprintf("cycles=%d seed=%d requesters=%d acknowledged=%d resent=%d taken_before_death=%d releases=%d builds=%d failed_releases=%d "+
		"refused=%d lost=%d double_requests=%d double_releases=%d damaged=%d torment_seconds=%.1f",
		o.cycles, o.seed, o.requesters, f.acknowledged, f.resent, f.recovered, f.releases, f.builds, f.failed,
		f.refused, f.lost, f.doubleRequests, f.double, f.damaged, f.tormented.Seconds())
}

// settleLimit is how long the last server has for what the others left.
const settleLimit = 3 * time.Minute

// settle waits until everything is released. A site that is held is retried.
func settle(ctx context.Context, client *api.Client) error {
	ends := time.Now().Add(settleLimit)
	for {
		site, err := client.Site(ctx, siteName)
		if err != nil {
			return err
		}
		if site.State == release.Ready && site.Waiting.Count == 0 {
			return nil
		}
		if site.Held != nil {
			if _, err := client.Act(ctx, siteName, "retry", api.ActInput{Why: "the drill goes on"}); err != nil {
				return err
			}
		}
		if time.Now().After(ends) {
			return fmt.Errorf("the site did not settle within %s: %s", settleLimit, site.Text)
		}
		select {
		case <-time.After(100 * time.Millisecond):
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
}

// checkRequests asks for every acknowledged request: it is live, with a place of
// its own, and the places have no gap that a second request for a key would fill.
func checkRequests(ctx context.Context, client *api.Client, all []*asked, f *figures) error {
	places := make([]string, len(all)+1)
	work := make(chan *asked)
	var crowd sync.WaitGroup
	errs := make([]error, 8)
	for i := range errs {
		crowd.Go(func() {
			for one := range work {
				errs[i] = errors.Join(errs[i], checkRequest(ctx, client, one, places, f))
			}
		})
	}
	for _, one := range all {
		work <- one
	}
	close(work)
	crowd.Wait()
	return errors.Join(errs...)
}

func checkRequest(ctx context.Context, client *api.Client, one *asked, places []string, f *figures) error {
	var got api.Request
	var err error
	if one.err == nil {
		got, err = client.Request(ctx, one.id)
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	switch {
	case one.err != nil:
		f.refused++
		f.tell("a good request was refused: %v", one.err)
		return nil
	case api.CodeOf(err) == "not_found":
		f.lost++
		f.tell("acknowledged request %s (%s) is gone", one.id, one.key)
	case err != nil:
		return fmt.Errorf("ask for request %s: %w", one.id, err)
	case got.Status != release.Live || got.LiveAt == nil:
		f.lost++
		f.tell("request %s is not live: %s", one.id, got.Text)
	case got.Key != one.key:
		f.lost++
		f.tell("request %s of key %s has key %s", one.id, one.key, got.Key)
	case got.Place < 1 || got.Place >= int64(len(places)):
		// There are more places than keys: some key became two requests.
		f.doubleRequests++
		f.tell("request %s has place %d, and there are %d keys", one.id, got.Place, len(places)-1)
	case places[got.Place] != "":
		f.doubleRequests++
		f.tell("requests %s and %s have the same place", one.id, places[got.Place])
	default:
		places[got.Place] = one.id
	}
	f.acknowledged++
	if one.sent > 1 {
		f.resent++
	}
	if one.again {
		f.recovered++
	}
	return nil
}

// checkReleases counts the releases, and looks whether the public page is that
// of the last one that succeeded.
func checkReleases(ctx context.Context, client *api.Client, dir string, f *figures) error {
	for before := int64(0); ; {
		page, err := client.Releases(ctx, siteName, 500, before)
		if err != nil {
			return err
		}
		if len(page) == 0 {
			break
		}
		for _, r := range page {
			f.releases++
			before = r.Number
			if r.Outcome != release.Succeeded {
				f.failed++
				fmt.Printf("release #%d %s and was retried: %s\n", r.Number, r.Outcome, r.Why)
			}
		}
	}
	site, err := client.Site(ctx, siteName)
	if err != nil {
		return err
	}
	page, err := os.ReadFile(filepath.Join(dir, "site", "index.html"))
	if err != nil {
		return fmt.Errorf("read the public page: %w", err)
	}
	if want := fmt.Sprintf("Release %d\n", site.Live.Number); !strings.HasSuffix(string(page), want) {
		f.lost++
		f.tell("release #%d is said to be live, and the public page is %q", site.Live.Number, page)
	}
	return nil
}

// checkLedger looks whether the file is whole.
func checkLedger(ctx context.Context, server *program.Server, f *figures) {
	if err := sqlite.Verify(ctx, filepath.Join(server.State, "pressrun.db")); err != nil {
		f.damaged++
		f.tell("%v", err)
	}
}
