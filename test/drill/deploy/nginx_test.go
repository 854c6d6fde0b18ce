package deploy_test

import (
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/pressrun/pressrun/internal/deploy/destination"
	"github.com/pressrun/pressrun/internal/deploy/engine"
	"github.com/pressrun/pressrun/test/servers"
)

// startNginx serves a folder as a plain site does, without any cache of open
// files.
func startNginx(t *testing.T, root string) string {
	t.Helper()
	return "http://" + servers.StartNginx(t, "types { text/html html; text/css css; text/javascript js; }", "root "+root+";")
}

// visits counts what visitors met.
type visits struct{ responses, mixed, errors atomic.Int64 }

func (v *visits) get(ctx context.Context, url string) string {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, http.NoBody)
	if err != nil {
		v.errors.Add(1)
		return ""
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		if ctx.Err() == nil {
			v.errors.Add(1)
		}
		return ""
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if ctx.Err() != nil {
		return ""
	}
	v.responses.Add(1)
	if err != nil || response.StatusCode != http.StatusOK || int64(len(body)) != response.ContentLength {
		v.errors.Add(1)
		return ""
	}
	return string(body)
}

var names = regexp.MustCompile(`(?:href|src)="(/assets/[^"]+)"`)

// visit opens a page and all that it names. An asset of another version than the
// page's names can't be met, as its name is its content's; a missing one can.
func (v *visits) visit(ctx context.Context, base, page string) {
	body := v.get(ctx, base+page)
	for _, m := range names.FindAllStringSubmatch(body, -1) {
		if v.get(ctx, base+m[1]) == "" && ctx.Err() == nil {
			v.mixed.Add(1)
		}
	}
	if body != "" && !strings.Contains(body, "<p>") {
		v.mixed.Add(1) // half a page
	}
}

// TestNginxNeverServesAMix: visitors read a folder through nginx without a pause
// while release after release is published to it.
func TestNginxNeverServesAMix(t *testing.T) {
	releases := 5
	if *all {
		releases = 100
	}
	var builds []build
	for version := range 4 {
		b := makeBuild(t, 60, 11+version) // the same pages in each
		builds = append(builds, b)
	}
	www := filepath.Join(t.TempDir(), "www")
	dest, err := destination.Open(t.Context(), "file://"+www, destination.Options{})
	if err != nil {
		t.Fatal(err)
	}
	publish := func(n int) {
		t.Helper()
		o := options(builds[n%len(builds)])
		o.Source = builds[n%len(builds)].dir
		if _, err := engine.Run(t.Context(), dest, o); err != nil {
			t.Fatal(err)
		}
	}
	publish(0)
	base := startNginx(t, www)
	pages := []string{"/"}
	for i := range 60 {
		page := fmt.Sprintf("section-%d/page-%d/index.html", i%7, i)
		inAll := true
		for _, b := range builds {
			_, ok := b.files[page]
			inAll = inAll && ok
		}
		if inAll {
			pages = append(pages, "/"+page)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	var v visits
	var wait sync.WaitGroup
	for range 4 {
		wait.Go(func() {
			for ctx.Err() == nil {
				v.visit(ctx, base, pages[rand.IntN(len(pages))])
			}
		})
	}
	for n := 1; n <= releases; n++ {
		publish(n)
	}
	cancel()
	wait.Wait()
	fmt.Printf("nginx over a folder: releases=%d responses=%d mixed=%d errors=%d\n", releases, v.responses.Load(), v.mixed.Load(), v.errors.Load())
	if v.mixed.Load()+v.errors.Load() > 0 || v.responses.Load() < 100 {
		t.Fail()
	}
}
