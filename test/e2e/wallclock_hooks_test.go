//go:build unix

package e2e

import (
	"bytes"
	"io"
	"math/rand/v2"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/pressrun/pressrun/internal/cms"
	"github.com/pressrun/pressrun/internal/release"
)

// hooked gives a site a hook that is signed with times, and its address.
func (c *clocked) hooked(t *testing.T, command string) (call func(cms.Delivery) int) {
	t.Helper()
	site, _ := folderSite(t, command)
	secret := filepath.Join(t.TempDir(), "secret")
	if err := os.WriteFile(secret, []byte(vendorSecret), 0o600); err != nil {
		t.Fatal(err)
	}
	site["hooks"] = []any{map[string]any{"name": "cms", "dialect": "standard", "secret_file": secret, "rate": 100000, "burst": 10000}}
	c.serve(t, site)
	made, err := c.app.client.NewHookAddress(t.Context(), "www", "cms")
	if err != nil {
		t.Fatal(err)
	}
	return func(d cms.Delivery) int {
		t.Helper()
		req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, made.Address, bytes.NewReader(d.Body))
		if err != nil {
			t.Fatal(err)
		}
		req.Header = d.Header
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		_, _ = io.Copy(io.Discard, resp.Body)
		return resp.StatusCode
	}
}

// delivery is a CMS's event, signed by the clock of the machine that both are on.
func (c *clocked) delivery(id string) cms.Delivery {
	system, _ := cms.Find("standard")
	d := system.Sample()
	d.Header.Set("webhook-id", id)
	system.Sign(&d, vendorSecret, c.clock.Now())
	return d
}

func (c *clocked) betweenReplays(t *testing.T) {
	t.Helper()
	call := c.hooked(t, page(filepath.Join(t.TempDir(), "ran"), ""))
	accepted := func() int64 {
		t.Helper()
		all, err := c.app.client.HookDeliveries(t.Context(), "www", "", 1000)
		if err != nil {
			t.Fatal(err)
		}
		n := int64(0)
		for _, d := range all {
			if d.Decision == "release" {
				n++
			}
		}
		return n
	}
	first := c.delivery("one")
	c.set(3 * time.Hour)
	second := c.delivery("two")
	c.set(0)
	for i, step := range []struct {
		shift time.Duration
		sent  cms.Delivery
		want  int
		taken int64
	}{
		{0, first, http.StatusOK, 1},
		{0, first, http.StatusOK, 1},
		{3 * time.Hour, first, http.StatusForbidden, 1},
		{3 * time.Hour, second, http.StatusOK, 2},
		{0, second, http.StatusForbidden, 2}, // of a time to come
		{0, first, http.StatusOK, 2},         // in its window again, and known
		{-3 * time.Hour, first, http.StatusForbidden, 2},
		{3 * time.Hour, second, http.StatusOK, 2},
		{0, first, http.StatusOK, 2},
	} {
		c.set(step.shift)
		if got := call(step.sent); got != step.want {
			t.Errorf("step %d: answered %d, want %d", i, got, step.want)
		}
		if got := accepted(); got != step.taken {
			t.Errorf("step %d: %d requests, want %d", i, got, step.taken)
		}
	}
}

// againAndAgain sets the clock at random, some times a second, while requests and hooks
// come. A deploy whose lease was held then may end, and is made again: see underALease.
// No credential of a run is good for less than a day: the clock is set by less.
func (c *clocked) againAndAgain(t *testing.T) {
	t.Helper()
	seed := uint64(time.Now().UnixNano())
	t.Logf("seed %d", seed)
	random := rand.New(rand.NewPCG(seed, 0))
	ran := filepath.Join(t.TempDir(), "ran")
	call := c.hooked(t, page(ran, "sleep 0.3;"))
	var ids []string
	for i := range 80 {
		c.set(time.Duration(random.Int64N(int64(20*time.Hour))) - 10*time.Hour)
		ids = append(ids, c.ask("storm-"+strconv.Itoa(i), time.Time{}))
		if got := call(c.delivery("storm-hook-" + strconv.Itoa(i))); got != http.StatusOK {
			t.Errorf("a hook was answered %d", got)
		}
		time.Sleep(time.Duration(random.Int64N(int64(500 * time.Millisecond))))
	}
	c.set(0)
	all, err := c.app.client.HookDeliveries(t.Context(), "www", "", 1000)
	if err != nil || len(all) != 80 {
		t.Fatalf("%d deliveries are kept of 80, %v", len(all), err)
	}
	for _, d := range all {
		if d.Request == "" {
			t.Errorf("a delivery asks for nothing: %+v", d)
			continue
		}
		ids = append(ids, d.Request)
	}
	for _, id := range ids {
		c.isLive(id)
	}
	releases, err := c.app.client.Releases(t.Context(), "www", 500, 0)
	if err != nil {
		t.Fatal(err)
	}
	served := int64(0)
	for _, r := range releases {
		if r.Outcome == release.Succeeded {
			served += r.Requests
		} else if !strings.Contains(r.Why, "the lease ") {
			t.Errorf("release #%d: %s: %s", r.Number, r.Outcome, r.Why)
		}
	}
	if got := ranTimes(t, ran); got != len(releases) || served != int64(len(ids)) {
		t.Errorf("%d builds for %d releases, which served %d requests of %d", got, len(releases), served, len(ids))
	}
}
