package source_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/pressrun/pressrun/internal/content"
	"github.com/pressrun/pressrun/internal/content/archive"
	"github.com/pressrun/pressrun/internal/content/export"
	"github.com/pressrun/pressrun/internal/content/fetch"
	"github.com/pressrun/pressrun/internal/content/source"
	"github.com/pressrun/pressrun/internal/pace"
)

// record is one of a fake CMS's.
type record struct {
	id, version int
	at          time.Time
}

// fake is a CMS that speaks as one kind of source does. Its answers are made as the
// CMS's documentation, and answers of real ones, have them.
type fake struct {
	// as is how the list that is tried is called.
	as       string
	settings source.Settings
	// raw is a record as the API has it.
	raw func(r record) string
	// answer answers with a page of these records, or another of the API's addresses.
	answer func(w http.ResponseWriter, r *http.Request, f *fake, all []record) string

	mu      sync.Mutex
	records []record
}

var noon = time.Date(2026, 11, 21, 17, 0, 0, 0, time.UTC)

// ServeHTTP answers.
func (f *fake) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	f.mu.Lock()
	defer f.mu.Unlock()
	w.Header().Set("Date", noon.Format(http.TimeFormat))
	body := f.answer(w, r, f, f.records)
	if body == "" {
		w.WriteHeader(http.StatusNotFound)
		body = `{"message": "not found"}`
	}
	_, _ = fmt.Fprint(w, body)
}

// join puts the records of a page into an array.
func (f *fake) join(records []record, raw func(record) string) string {
	var all []string
	for _, r := range records {
		all = append(all, raw(r))
	}
	return "[" + strings.Join(all, ",") + "]"
}

// TestEverySourceIsHeldToTheSame: whatever the CMS, all records are copied byte for byte
// over several pages, and what was added, changed and deleted is found.
func TestEverySourceIsHeldToTheSame(t *testing.T) {
	for _, kind := range source.Kinds {
		began, ok := fakes[kind.Name]
		if !ok {
			t.Errorf("%s is not held to anything", kind.Name)
			continue
		}
		t.Run(kind.Name, func(t *testing.T) { hold(t, kind, began()) })
	}
}

func hold(t *testing.T, kind source.Kind, f *fake) {
	t.Helper()
	for id := 1; id <= 230; id++ {
		f.records = append(f.records, record{id, 1, noon.Add(-time.Duration(id) * time.Hour)})
	}
	server := httptest.NewServer(f)
	defer server.Close()
	dir := filepath.Join(t.TempDir(), "copy")
	f.settings.Kind, f.settings.URL = kind.Name, server.URL
	run := func() export.Report {
		t.Helper()
		r, err := pass(t, kind, f.settings, dir)
		if err != nil {
			t.Fatal(err)
		}
		same(t, f, dir)
		return r
	}
	if r := run(); r.Types[f.as] != 230 || r.Consistency != content.Quiet || !r.Full {
		t.Errorf("the first copy: %+v", r)
	}
	if r := run(); !r.Unchanged || r.Full {
		t.Errorf("nothing changed: %+v", r)
	}
	f.mu.Lock()
	f.records[100] = record{101, 2, noon.Add(-30 * time.Second)}
	f.records = append(f.records[:50], f.records[51:]...)
	f.records = append(f.records, record{500, 1, noon.Add(-20 * time.Second)})
	f.mu.Unlock()
	if r := run(); r.Added != 1 || r.Changed != 1 || r.Removed != 1 || r.Full {
		t.Errorf("after changes: %+v", r)
	}
}

func pass(t *testing.T, kind source.Kind, s source.Settings, dir string) (export.Report, error) {
	t.Helper()
	if err := s.Check(); err != nil {
		t.Fatal(err)
	}
	client, err := fetch.New(fetch.Options{URL: s.URL, Pace: pace.New(pace.Limits{}), Credential: s.CredentialOf(kind, "prs_secret"), Now: func() time.Time { return noon }})
	if err != nil {
		t.Fatal(err)
	}
	defer client.Close()
	types, err := kind.Lists(t.Context(), client, s)
	if err != nil {
		return export.Report{}, err
	}
	return export.Run(t.Context(), export.Plan{Dir: dir, Kind: kind.Name, URL: s.URL, Types: types, Ask: client, Now: func() time.Time { return noon }, Overlap: time.Minute})
}

// same compares the copy with what the CMS has.
func same(t *testing.T, f *fake, dir string) {
	t.Helper()
	_, s, err := archive.Read(dir)
	if err != nil {
		t.Fatal(err)
	}
	have := map[string]bool{}
	for _, r := range s.Records {
		if r.Type != f.as {
			continue
		}
		raw, err := archive.Record(dir, s.ID, r)
		if err != nil {
			t.Fatal(err)
		}
		have[string(raw)] = true
	}
	for _, r := range f.records {
		if !have[f.raw(r)] {
			t.Errorf("the copy does not have %s", f.raw(r))
		}
		delete(have, f.raw(r))
	}
	for raw := range have {
		t.Errorf("the copy has %s", raw)
	}
}

func FuzzParseSettings(f *testing.F) {
	f.Add([]byte("kind: rest\nurl: https://x.example\nlists: [{name: a, path: /a, id: /id, pages: {size_param: n, size: 2, number_param: p}}]"))
	f.Add([]byte("kind: graphql\nurl: https://x.example\nlists: [{name: a, graphql: '{a}', id: /id, variables: {n: 1}}]"))
	f.Fuzz(func(t *testing.T, raw []byte) {
		s, err := source.ParseSettings(raw)
		if err != nil || s.Check() != nil || (s.Kind != "rest" && s.Kind != "graphql") {
			return
		}
		kind, err := source.Find(s.Kind)
		if err != nil {
			t.Fatal(err)
		}
		types, err := kind.Lists(t.Context(), nil, s)
		if err != nil {
			return
		}
		for _, one := range types {
			one.Request(s.URL, content.Want{}, "")
		}
	})
}

func TestEachReferenceMustBeAPointer(t *testing.T) {
	references := map[content.Pointer]string{"tags": "tags"}
	for _, p := range []content.Pointer{"/a", "/b", "/c", "/d", "/e", "/f", "/g"} {
		references[p] = "other"
	}
	s := source.Settings{Kind: "rest", URL: "https://cms.example.gov", Lists: []source.ListSettings{{Name: "news", Path: "/news", ID: "/id", References: references}}}
	for range 20 { // maps have no order
		if err := s.Check(); err == nil || !strings.Contains(err.Error(), `"tags" is no JSON pointer`) {
			t.Fatalf("the error is %v, want one about tags", err)
		}
	}
}
