package notices

import (
	"context"
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pressrun/pressrun/internal/cms"
	"github.com/pressrun/pressrun/internal/config"
	"github.com/pressrun/pressrun/internal/ledger"
	"github.com/pressrun/pressrun/internal/release"
	"github.com/pressrun/pressrun/test/ledgerfile"
)

// handOffTo has one target of kind handoff.
func handOffTo(t testing.TB, dir string, change func(*config.Target)) config.Config {
	t.Helper()
	c := configOf(t, dir, "mail")
	site := c.Sites["www"]
	site.Notify[0].Kind = "handoff"
	if change != nil {
		change(&site.Notify[0])
	}
	c.Sites["www"] = site
	return c
}

// handed is a hand-off as a receiver reads it.
type handed struct {
	Type string
	Data struct {
		Watermark time.Time
		Previous  time.Time `json:"previous_watermark"`
		Release   struct {
			Number    int64
			Watermark time.Time
		}
		Entities []struct{ Entity, Title string }
		Complete bool `json:"entities_complete"`
	}
}

func handedOf(t testing.TB, all []received) (out []handed) {
	t.Helper()
	for _, g := range all {
		var h handed
		if err := json.Unmarshal([]byte(g.body), &h); err != nil {
			t.Fatal(err)
		}
		out = append(out, h)
	}
	return out
}

var to = ledger.NoticeTarget{Site: "www", Name: "mail"}

func TestWhatGoesLiveIsHandedOffAndNothingElse(t *testing.T) {
	t.Parallel()
	dir := ledgerfile.Folder(t)
	synctest.Test(t, func(t *testing.T) {
		l, receiver := opened(t, dir), &receiver{}
		running(t, handOffTo(t, dir, nil), l, l.Notices(), receiver)
		released(t, l, 2, failed)
		time.Sleep(time.Minute)
		released(t, l, 3, live) // with the two of the release that failed
		time.Sleep(time.Minute)
		got := handedOf(t, receiver.taken())
		site, err := l.Site(t.Context(), "www")
		if err != nil {
			t.Fatal(err)
		}
		if len(got) != 1 || got[0].Type != "pressrun.content.live" {
			t.Fatalf("handed off: %+v", got)
		}
		d := got[0].Data
		if !d.Watermark.Equal(site.Live.Watermark) || d.Release.Number != site.Live.Number || !d.Previous.IsZero() {
			t.Errorf("handed off %+v, live is %+v", d, site.Live)
		}
		// node/0 and node/1 were asked for twice.
		if len(d.Entities) != 3 || !d.Complete || d.Entities[2].Entity != "node/2" {
			t.Errorf("the entries are %+v", d.Entities)
		}
		standard, _ := cms.Find("standard")
		g := receiver.taken()[0]
		if err := standard.Verify(cms.Delivery{Header: g.header, Body: []byte(g.body)}, []string{secret}, g.at); err != nil {
			t.Error(err)
		}
	})
}

// The watermark never goes back: not by a rollback, not by a clock, not by a hand-off that
// is sent again after a later one.
func TestTheWatermarkNeverGoesBack(t *testing.T) {
	t.Parallel()
	dir := ledgerfile.Folder(t)
	synctest.Test(t, func(t *testing.T) {
		l, receiver := opened(t, dir), &receiver{}
		running(t, handOffTo(t, dir, nil), l, l.Notices(), receiver)
		for range 2 {
			released(t, l, 1, live)
			time.Sleep(time.Minute)
		}
		if _, err := l.Decide(t.Context(), "www", release.RollBack{Act: release.Act{By: "ops"}, To: 1}); err != nil {
			t.Fatal(err)
		}
		carryOut(t, l, "back", live)
		time.Sleep(time.Minute)
		var first ledger.Notice
		err := l.Read(t.Context(), func(ctx context.Context, s *ledger.Snapshot) error {
			all, err := s.Notices(ctx, "www", ledger.NoticeFilter{}, 10)
			first = all[len(all)-1]
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := l.Notices().Replay(t.Context(), first.ID, "ops", time.Now().Add(time.Hour)); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Minute)
		var types []string
		var last time.Time
		for _, h := range handedOf(t, receiver.taken()) {
			types = append(types, h.Type)
			if h.Data.Watermark.Before(last) {
				t.Errorf("release #%d: the watermark went back from %s to %s", h.Data.Release.Number, last, h.Data.Watermark)
			}
			last = h.Data.Watermark
		}
		if want := []string{"pressrun.content.live", "pressrun.content.live", "pressrun.content.rolled_back", "pressrun.content.live"}; !slices.Equal(types, want) {
			t.Errorf("handed off %v, want %v", types, want)
		}
		know, err := l.Handed(t.Context(), to)
		if err != nil || !know.Watermark.Equal(last) || know.Last.Answer != "no room" {
			t.Errorf("it is kept that %+v (%v)", know, err)
		}
	})
}

func TestALateHandOffIsToldOnceAndFailsNoRelease(t *testing.T) {
	t.Parallel()
	dir := ledgerfile.Folder(t)
	synctest.Test(t, func(t *testing.T) {
		l, receiver := opened(t, dir), &receiver{fail: func(n int) (int, error) {
			if n < 14 { // an hour and more
				return http.StatusBadGateway, nil
			}
			return http.StatusOK, nil
		}}
		running(t, handOffTo(t, dir, nil), l, l.Notices(), receiver)
		released(t, l, 1, live)
		site, err := l.Site(t.Context(), "www")
		if err != nil || site.Last.Outcome != release.Succeeded {
			t.Fatalf("the release ended as %s (%v)", site.Last.Outcome, err)
		}
		about := func() (kinds []string) {
			events, err := l.EventsOf(t.Context(), 0, 1<<40, 100, ledger.KindHandoffLate, ledger.KindHandoffOnTime)
			if err != nil {
				t.Fatal(err)
			}
			for _, e := range events {
				kinds = append(kinds, e.Kind)
			}
			return kinds
		}
		time.Sleep(14 * time.Minute)
		if got := about(); len(got) != 0 {
			t.Errorf("after 14 minutes: %v", got)
		}
		time.Sleep(2 * time.Minute)
		know, err := l.Handed(t.Context(), to)
		if err != nil || know.Late.IsZero() || know.Waiting != 1 || !strings.Contains(know.Last.Trouble, "502") {
			t.Errorf("after 16 minutes: %+v (%v)", know, err)
		}
		released(t, l, 1, live) // waits behind it, and changes nothing
		time.Sleep(12 * time.Hour)
		if got := about(); !slices.Equal(got, []string{ledger.KindHandoffLate, ledger.KindHandoffOnTime}) {
			t.Errorf("it was told %v", got)
		}
		know, err = l.Handed(t.Context(), to)
		if got := handedOf(t, receiver.taken()); err != nil || len(got) != 2 || !know.Late.IsZero() || !know.Oldest.IsZero() {
			t.Errorf("handed off %+v; %+v (%v)", got, know, err)
		}
	})
}

func TestADryRunSendsNothingButTests(t *testing.T) {
	t.Parallel()
	dir := ledgerfile.Folder(t)
	synctest.Test(t, func(t *testing.T) {
		l, receiver := opened(t, dir), &receiver{}
		running(t, handOffTo(t, dir, func(c *config.Target) { c.DryRun = true }), l, l.Notices(), receiver)
		released(t, l, 1, live)
		if err := l.Notices().Put(t.Context(), ledger.Notice{ID: "msg_test", Target: to, Type: "test", Body: `{"type":"pressrun.test"}`, Until: time.Now().Add(time.Hour)}); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Minute)
		know, err := l.Handed(t.Context(), to)
		if err != nil || !know.Watermark.IsZero() || know.Last.Answer != "dry run: nothing was sent" {
			t.Errorf("it is kept that %+v (%v)", know, err)
		}
		if got := kindsOf(receiver.taken()); !slices.Equal(got, []string{"test"}) {
			t.Errorf("it was sent %v", got)
		}
	})
}
