package difference

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/pressrun/pressrun/internal/api"
	"github.com/pressrun/pressrun/internal/deploy/destination"
	"github.com/pressrun/pressrun/internal/deploy/engine"
	"github.com/pressrun/pressrun/internal/deploy/guard"
	"github.com/pressrun/pressrun/internal/deploy/store"
)

// published is a destination to which builds were published as releases 1, 2, ….
func published(t *testing.T, builds ...map[string]string) store.Destination {
	t.Helper()
	dest, err := destination.Open(t.Context(), "file://"+filepath.ToSlash(filepath.Join(t.TempDir(), "www")), destination.Options{})
	if err != nil {
		t.Fatal(err)
	}
	for i, build := range builds {
		dir := t.TempDir()
		for name, body := range build {
			path := filepath.Join(dir, filepath.FromSlash(name))
			if err := os.MkdirAll(filepath.Dir(path), 0o750); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(path, []byte(body), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		o := engine.Options{Source: dir, Site: "www", Release: int64(i + 1), Now: func() time.Time { return time.Unix(int64(1e9+i), 0) }}
		o.Allow = []string{guard.VanishedPages, guard.BrokenLinks}
		if _, err := engine.Run(t.Context(), dest, o); err != nil {
			t.Fatal(err)
		}
	}
	return dest
}

func page(title, body string) string {
	return "<!doctype html><title>" + title + "</title><h1>" + title + "</h1>" + body
}

// three are releases of a small site.
var three = []map[string]string{
	{"index.html": page("Home", "<p>Welcome."), "hours/index.html": page("Hours", "<p>We open at <b>9</b> every day.<p>Call us."), "old.html": page("Old", "<p>Gone soon."), "a.css": "a{}"},
	{"index.html": page("Home", "<p>Welcome."), "hours/index.html": page("Hours", "<p>We open at <b>10</b> every day.<p>Call us."), "news/été.html": page("Été", "<p>New."), "a.css": "b{}"},
	{"index.html": page("Home", "<p class=big>Welcome."), "hours/index.html": page("Opening hours", "<p>We open at <b>10</b> every day.<p>Call us."), "news/été.html": page("Été", "<p>New."), "a.css": "b{}"},
}

func TestPagesThatDiffer(t *testing.T) {
	dest := published(t, three...)
	for name, tt := range map[string]struct {
		from, to int64
		want     api.Differences
	}{
		"two releases": {1, 2, api.Differences{Site: "www", From: 1, To: 2, Added: 1, Changed: 1, Deleted: 1, OtherFiles: 1, Pages: []api.ChangedPage{
			{Path: "hours/index.html", Address: "/hours/", Title: "Hours", Change: "changed"},
			{Path: "news/été.html", Address: "/news/%C3%A9t%C3%A9.html", Title: "Été", Change: "added"},
			{Path: "old.html", Address: "/old.html", Title: "Old", Change: "deleted"},
		}}},
		"backwards": {2, 1, api.Differences{Site: "www", From: 2, To: 1, Added: 1, Changed: 1, Deleted: 1, OtherFiles: 1, Pages: []api.ChangedPage{
			{Path: "hours/index.html", Address: "/hours/", Title: "Hours", Change: "changed"},
			{Path: "news/été.html", Address: "/news/%C3%A9t%C3%A9.html", Title: "Été", Change: "deleted"},
			{Path: "old.html", Address: "/old.html", Title: "Old", Change: "added"},
		}}},
		"the live one and what was before it": {0, 0, api.Differences{Site: "www", From: 2, To: 3, Changed: 2, Pages: []api.ChangedPage{
			{Path: "hours/index.html", Address: "/hours/", Title: "Opening hours", Change: "changed"},
			{Path: "index.html", Address: "/", Title: "Home", Change: "changed"},
		}}},
		"the first one": {0, 1, api.Differences{Site: "www", To: 1, Added: 3, OtherFiles: 1, Pages: []api.ChangedPage{
			{Path: "hours/index.html", Address: "/hours/", Title: "Hours", Change: "added"},
			{Path: "index.html", Address: "/", Title: "Home", Change: "added"},
			{Path: "old.html", Address: "/old.html", Title: "Old", Change: "added"},
		}}},
		"itself": {2, 2, api.Differences{Site: "www", From: 2, To: 2, Pages: []api.ChangedPage{}}},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := Releases{Dest: dest, Site: "www", From: tt.from, To: tt.to}.Pages(t.Context(), 500)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
	if got, err := (Releases{Dest: dest, From: 1, To: 2}).Pages(t.Context(), 1); err != nil || len(got.Pages) != 1 || got.More != 2 {
		t.Errorf("one of three: %+v %v", got, err)
	}
	if _, err := (Releases{Dest: dest, From: 1, To: 9}).Pages(t.Context(), 1); !errors.Is(err, ErrNotKept) {
		t.Errorf("a release that never was: %v", err)
	}
	if _, err := (Releases{Dest: published(t)}).Pages(t.Context(), 1); !errors.Is(err, ErrNotKept) {
		t.Errorf("where nothing was published: %v", err)
	}
	if _, err := (Releases{Dest: dest, Site: "other"}).Pages(t.Context(), 1); err == nil || errors.Is(err, ErrNotKept) {
		t.Errorf("another site's: %v", err)
	}
}

func TestTheOldTextBesideTheNewOne(t *testing.T) {
	dest := published(t, three...)
	span := func(text string) api.TextSpan { return api.TextSpan{Text: text} }
	mark := func(text string) api.TextSpan { return api.TextSpan{Text: text, Marked: true} }
	both := func(spans ...api.TextSpan) api.TextRow { return api.TextRow{Change: "same", Old: spans, New: spans} }
	for name, tt := range map[string]struct {
		from, to int64
		path     string
		want     api.PageText
	}{
		"a word, of which only the first release has the old one": {1, 3, "hours/index.html", api.PageText{
			From: 1, To: 3, ChangedPage: api.ChangedPage{Title: "Opening hours", Change: "changed", Address: "/hours/"}, OldTitle: "Hours", Rows: []api.TextRow{
				{Change: "deleted", Old: []api.TextSpan{mark("Hours")}},
				{Change: "added", New: []api.TextSpan{mark("Opening hours")}},
				{Change: "changed", Old: []api.TextSpan{span("We open at "), mark("9"), span(" every day.")}, New: []api.TextSpan{span("We open at "), mark("10"), span(" every day.")}},
				both(span("Call us.")),
			},
		}},
		"only the markup": {2, 3, "index.html", api.PageText{From: 2, To: 3, ChangedPage: api.ChangedPage{Title: "Home", Change: "changed", Address: "/"}, OldTitle: "Home"}},
		"a new page": {1, 2, "news/été.html", api.PageText{From: 1, To: 2, ChangedPage: api.ChangedPage{Title: "Été", Change: "added", Address: "/news/%C3%A9t%C3%A9.html"}, Rows: []api.TextRow{
			{Change: "added", New: []api.TextSpan{mark("Été")}}, {Change: "added", New: []api.TextSpan{mark("New.")}},
		}}},
		"a page that is gone": {0, 2, "old.html", api.PageText{From: 1, To: 2, ChangedPage: api.ChangedPage{Title: "Old", Change: "deleted", Address: "/old.html"}, OldTitle: "Old", Rows: []api.TextRow{
			{Change: "deleted", Old: []api.TextSpan{mark("Old")}}, {Change: "deleted", Old: []api.TextSpan{mark("Gone soon.")}},
		}}},
		"the same": {1, 2, "index.html", api.PageText{From: 1, To: 2, ChangedPage: api.ChangedPage{Title: "Home", Change: "same", Address: "/"}, OldTitle: "Home"}},
	} {
		t.Run(name, func(t *testing.T) {
			tt.want.Site, tt.want.Path = "www", tt.path
			got, err := Releases{Dest: dest, Site: "www", From: tt.from, To: tt.to}.Text(t.Context(), tt.path)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
	for _, path := range []string{"none.html", "a.css", "../head", ""} {
		if _, err := (Releases{Dest: dest, From: 1, To: 2}).Text(t.Context(), path); err == nil {
			t.Errorf("%q has a text", path)
		} else if _, ok := errors.AsType[*NoPageError](err); !ok {
			t.Errorf("%q: %v", path, err)
		}
	}
}

// What is no longer kept, was changed by somebody else or is too large is said to be so.
func TestWhatCanNotBeShown(t *testing.T) {
	large := page("Large", strings.Repeat("<p>More and more.", maxPage/10))
	builds := []map[string]string{{"index.html": page("One", ""), "b.html": large}, {"index.html": page("Two", ""), "b.html": large + "x"}}
	dest := published(t, builds...)
	both := Releases{Dest: dest, Site: "www", From: 1, To: 2}
	if got, err := both.Text(t.Context(), "b.html"); err != nil || got.OldMissing != api.TextTooLarge || got.NewMissing != api.TextTooLarge || got.Rows != nil {
		t.Errorf("a large page: %q %q %v", got.OldMissing, got.NewMissing, err)
	}
	var kept []store.Deletion
	if err := dest.KeptStore().List(t.Context(), dest.KeptPrefix, func(i store.Info) error {
		kept = append(kept, store.Deletion{Key: i.Key})
		return nil
	}); err != nil || len(kept) == 0 {
		t.Fatalf("nothing is kept: %v", err)
	}
	for _, err := range dest.KeptStore().Delete(t.Context(), kept) {
		if err != nil {
			t.Fatal(err)
		}
	}
	if got, err := both.Text(t.Context(), "index.html"); err != nil || got.OldMissing != api.TextNotKept || got.NewMissing != "" || got.Rows != nil || got.Title != "Two" {
		t.Errorf("a page that is not kept: %+v %v", got, err)
	}
}
