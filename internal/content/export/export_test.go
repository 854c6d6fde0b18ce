package export

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/pressrun/pressrun/internal/content"
	"github.com/pressrun/pressrun/internal/content/archive"
	"github.com/pressrun/pressrun/internal/content/fetch"
)

// api answers in place of a source.
type api struct {
	answer func(path string, query url.Values) (header http.Header, body string)
	asked  int
}

var noon = time.Date(2026, 11, 21, 17, 0, 0, 0, time.UTC)

// Ask answers.
func (a *api) Ask(_ context.Context, r content.Request, read func(fetch.Answer) error) error {
	a.asked++
	u, err := url.Parse(r.URL)
	if err != nil {
		return err
	}
	header, body := a.answer(u.Path, u.Query())
	return read(fetch.Answer{Header: header, Body: []byte(body), At: noon})
}

// Clock tells noon.
func (a *api) Clock(context.Context) (time.Time, bool, error) { return noon, false, nil }

func planFor(t *testing.T, a *api, pager content.Pager) Plan {
	t.Helper()
	return Plan{
		Dir: filepath.Join(t.TempDir(), "copy"), Kind: "test", URL: "https://cms.example.gov", Ask: a, Now: func() time.Time { return noon }, Overlap: time.Minute,
		Types: []content.Type{{Name: "posts", Path: "/posts", Items: "/data", ID: "/id", Pager: pager}},
	}
}

// An API that changes its paging under us, or never ends, is stopped by name, and the
// copy stays as it was.
func TestListsWithoutAnEndAreStopped(t *testing.T) {
	numbers := content.Pager{NumberParam: "page", First: 1, SizeParam: "size", Size: 2}
	for name, c := range map[string]struct {
		pager  content.Pager
		answer func(n int, query url.Values) string
		want   string
	}{
		"the last page again and again": {numbers, func(int, url.Values) string { return `{"data": [{"id": 1}, {"id": 2}]}` }, "nothing that was not on a page before"},
		"a next page that is an earlier one": {content.Pager{Next: "/next"}, func(n int, _ url.Values) string {
			return fmt.Sprintf(`{"data": [{"id": %d}], "next": "https://cms.example.gov/posts?p=%d"}`, n, n%3)
		}, "leads back"},
		"cursors that bring nothing": {content.Pager{CursorParam: "after", Next: "/next"}, func(n int, _ url.Values) string {
			return fmt.Sprintf(`{"data": [{"id": 1}], "next": "%d"}`, n)
		}, "nothing that was not on a page before"},
		"fewer than it says": {content.Pager{NumberParam: "page", First: 1, SizeParam: "size", Size: 2, Total: "/total"}, func(_ int, query url.Values) string {
			return fmt.Sprintf(`{"total": 4, "data": [{"id": %q}]}`, "1"+query.Get("page"))
		}, "gave 3 records, but says that it has 4 (3 times)"},
		"a login page": {numbers, func(int, url.Values) string { return `<html><form>` }, "not a list of records"},
	} {
		t.Run(name, func(t *testing.T) {
			a := &api{}
			a.answer = func(_ string, query url.Values) (http.Header, string) { return nil, c.answer(a.asked, query) }
			plan := planFor(t, a, c.pager)
			if name == "fewer than it says" {
				n := 0
				a.answer = func(_ string, query url.Values) (http.Header, string) {
					n++
					if page := query.Get("page"); page == "2" {
						return nil, `{"total": 4, "data": [{"id": "b"}]}`
					}
					return nil, `{"total": 4, "data": [{"id": "a"}, {"id": "c"}]}`
				}
			}
			_, err := Run(t.Context(), plan)
			if err == nil || !strings.Contains(err.Error(), c.want) || a.asked > 100 {
				t.Errorf("after %d requests: %v, want %q", a.asked, err, c.want)
			}
			if _, _, err := archive.Read(plan.Dir); !errors.Is(err, archive.ErrNone) {
				t.Errorf("the copy is there: %v", err)
			}
		})
	}
}

// A source that suddenly has little or nothing is to blame, not its editors.
func TestALossIsStoppedUnlessItIsAllowed(t *testing.T) {
	records := 40
	a := &api{answer: func(string, url.Values) (http.Header, string) {
		var items []string
		for i := range records {
			items = append(items, fmt.Sprintf(`{"id": %d}`, i))
		}
		return nil, `{"data": [` + strings.Join(items, ",") + `]}`
	}}
	plan := planFor(t, a, content.Pager{})
	first, err := Run(t.Context(), plan)
	if err != nil || first.Records != 40 {
		t.Fatalf("%+v, %v", first, err)
	}
	for _, c := range []struct {
		records int
		stopped bool
	}{{36, false}, {25, true}, {0, true}, {30, false}} {
		records = c.records
		r, err := Run(t.Context(), plan)
		guard, stopped := errors.AsType[*GuardError](err)
		if stopped != c.stopped || stopped && guard.Guard != GuardShrink || !stopped && (err != nil || r.Records != c.records) {
			t.Errorf("%d records: %+v, %v", c.records, r, err)
		}
	}
	records, plan.Allow = 0, []string{GuardShrink}
	if r, err := Run(t.Context(), plan); err != nil || r.Records != 0 || r.Removed != 30 {
		t.Errorf("%+v, %v", r, err)
	}
}

func TestWhenAllIsRead(t *testing.T) {
	a := &api{answer: func(string, url.Values) (http.Header, string) { return nil, `{"data": [{"id": 1}]}` }}
	plan := planFor(t, a, content.Pager{})
	plan.FullEvery = time.Hour
	for _, c := range []struct {
		why    string
		change func(*Plan)
	}{
		{"there is no snapshot yet", func(*Plan) {}},
		{"", func(*Plan) {}},
		{"it was asked for", func(p *Plan) { p.Full = true }},
		{"the content model, or what is asked for, has changed", func(p *Plan) {
			p.Types = append([]content.Type{}, p.Types...)
			p.Types[0].Query = url.Values{"a": {"b"}}
		}},
		{"the last full pass is older than 1h0m0s", func(p *Plan) { p.Now = func() time.Time { return noon.Add(2 * time.Hour) } }},
		{"the snapshot is of another source", func(p *Plan) { p.URL = "https://other.example.gov" }},
	} {
		now := plan
		c.change(&now)
		if r, err := Run(t.Context(), now); err != nil || r.WhyFull != c.why || r.Full != (c.why != "") {
			t.Errorf("%+v, %v, want %q", r, err, c.why)
		}
		if c.change(&plan); c.why == "it was asked for" || c.why == "the last full pass is older than 1h0m0s" {
			plan.Full, plan.Now = false, func() time.Time { return noon }
		}
	}
}

func TestTwoExportsDoNotShareAFolder(t *testing.T) {
	plan := planFor(t, &api{}, content.Pager{})
	held, err := archive.Open(plan.Dir)
	if err != nil {
		t.Fatal(err)
	}
	defer held.Close()
	if _, err := Run(t.Context(), plan); !errors.Is(err, archive.ErrBusy) {
		t.Errorf("got %v", err)
	}
}

// A record that somebody changed in the folder is not taken for the CMS's.
func TestAChangedFileIsNoticed(t *testing.T) {
	a := &api{answer: func(string, url.Values) (http.Header, string) { return nil, `{"data": [{"id": 1}]}` }}
	plan := planFor(t, a, content.Pager{})
	r, err := Run(t.Context(), plan)
	if err != nil {
		t.Fatal(err)
	}
	_, s, err := archive.Read(plan.Dir)
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(r.Folder, "posts", "1.json")
	if err := os.Remove(file); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, []byte(`{"id": 2}`), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := archive.Record(plan.Dir, s.ID, s.Records[0]); err == nil || !strings.Contains(err.Error(), "was changed in the folder") {
		t.Errorf("got %v", err)
	}
}
