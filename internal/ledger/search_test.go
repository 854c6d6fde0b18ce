package ledger

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"pgregory.net/rapid"

	"github.com/pressrun/pressrun/internal/ledger/database"
	"github.com/pressrun/pressrun/internal/release"
	"github.com/pressrun/pressrun/test/eventually"
)

func searchFor(tb testing.TB, l *Ledger, words string) (found []Tracked, err error) {
	tb.Helper()
	if err := l.Indexed(tb.Context()); err != nil {
		return nil, err
	}
	err = l.Read(tb.Context(), func(ctx context.Context, s *Snapshot) error {
		found, err = s.Search(ctx, "www", SearchWords(words), 20)
		return err
	})
	return found, err
}

func titles(found []Tracked) string {
	var all []string
	for _, f := range found {
		all = append(all, f.Title)
	}
	return strings.Join(all, ", ")
}

func TestARequestIsFoundByWhatAPersonRemembers(t *testing.T) {
	l := fresh(t)
	hours := ask(t, l, Request{Title: "Opening hours", Actor: "Maria Sánchez", Link: "https://www.example.gov/visit/hours.html?lang=en", Entity: "node/123", Reason: "Christmas"})
	ask(t, l, Request{Title: "Closing \"early\" 50% (really)", Actor: "Ada"})
	ask(t, l, Request{Title: "Opening night", Actor: "Ada"})
	ask(t, l, Request{Site: "docs", Title: "Opening hours of another site"})
	for words, want := range map[string]string{
		"opening hours": "Opening hours",
		"HOURS open":    "Opening hours",
		"open":          "Opening night, Opening hours",
		"sanchez":       "Opening hours",
		"Maria Sánchez": "Opening hours",
		"node/123":      "Opening hours",
		"https://www.example.gov/visit/hours.html?lang=en": "Opening hours",
		"/visit/hours":            "Opening hours",
		"christmas":               "Opening hours",
		hours.ID:                  "Opening hours",
		`"early"`:                 `Closing "early" 50% (really)`,
		"ada AND NOT early":       "",
		"50%":                     `Closing "early" 50% (really)`,
		"opening nobody":          "",
		"op":                      "", // it would be the beginning of too many
		"12":                      "",
		"50 early":                `Closing "early" 50% (really)`,
		"words: opening":          "",
		"--- opening ***":         "Opening night, Opening hours",
		"'; DROP TABLE requests;": "",
		"":                        "",
		"* \" ( ) ^ -":            "",
	} {
		found, err := searchFor(t, l, words)
		if got := titles(found); err != nil || got != want {
			t.Errorf("%q finds %q, %v; not %q", words, got, err, want)
		}
	}
}

func TestWhatIsFoundSaysWhatBecameOfIt(t *testing.T) {
	l := fresh(t)
	ask(t, l, Request{Title: "Old page"})
	s, run := dispatch(t, l, "www")
	decide(t, l, "www", report(s, run, 1, release.InProgress), report(s, run, 2, release.Complete), report(s, run, 3, release.Ready))
	ask(t, l, Request{Title: "New page"})
	found, err := searchFor(t, l, "page")
	if err != nil || len(found) != 2 || found[0].Resolution.Status != release.InRelease || found[1].Resolution.Status != release.Live {
		t.Errorf("got %+v, %v", found, err)
	}
}

// A ledger from before there was a search has requests and no index; one from before words
// were read from the index has no way to read them.
func TestAnOldLedgerIsIndexedWhenItIsOpened(t *testing.T) {
	for _, missing := range [][]string{
		{"request_search_words", "request_search", "request_search_upto"},
		{"request_search_words", "request_search_upto"},
		{"request_search_words", "request_search"},
		{"request_search_words"},
	} {
		t.Run(strings.Join(missing, " "), func(t *testing.T) { indexedWithout(t, missing) })
	}
}

func indexedWithout(t *testing.T, missing []string) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "pressrun.db")
	l := open(t, path)
	ask(t, l, Request{Title: "Opening hours", Reason: "it's \"urgent\""})
	if err := l.Indexed(t.Context()); err != nil {
		t.Fatal(err)
	}
	for _, table := range missing {
		pragma(t, l, `DROP TABLE `+table)
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		l = open(t, path)
		found, err := searchFor(t, l, "opening urgent")
		if err != nil || len(found) != 1 {
			t.Errorf("found %+v, %v", found, err)
		}
		if err := l.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

func TestNoSearchTextIsAnError(t *testing.T) {
	l := fresh(t)
	ask(t, l, Request{Title: "Opening hours"})
	rapid.Check(t, func(rt *rapid.T) {
		text := rapid.OneOf(rapid.String(), rapid.StringMatching(`[a-z"*():^ NEARANDOT{}+\-]{0,30}`)).Draw(rt, "text")
		if _, err := searchFor(t, l, text); err != nil {
			rt.Errorf("%q: %v", text, err)
		}
	})
}

// BenchmarkSearch looks through 100,000 requests: for what is rare, for what all
// have in common, and for what none has.
func BenchmarkSearch(b *testing.B) {
	l := open(b, filepath.Join(b.TempDir(), "pressrun.db"))
	fill(b, l, 100_000)
	if err := l.Indexed(b.Context()); err != nil {
		b.Fatal(err)
	}
	for _, words := range []string{"number 77777", "page", "page number", "page nobody"} {
		b.Run(strings.ReplaceAll(words, " ", "_"), func(b *testing.B) {
			b.RunParallel(func(each *testing.PB) {
				for each.Next() {
					if _, err := searchFor(b, l, words); err != nil {
						b.Error(err)
					}
				}
			})
		})
	}
}

func fill(b *testing.B, l *Ledger, n int) {
	b.Helper()
	all := make([]Request, 0, n)
	for i := range n {
		all = append(all, Request{
			ID: fmt.Sprintf("req_%07d", i), Site: "www", Place: int64(i + 1), Source: release.FromContent, Title: fmt.Sprintf("Page number %d of the library", i),
			Actor: fmt.Sprintf("Editor %d", i%50), Link: fmt.Sprintf("https://www.example.gov/library/%d/index.html", i), Entity: fmt.Sprintf("node/%d", i),
		})
	}
	accepted(b, l, all)
}

// accepted puts requests into a ledger as if they had been accepted, without a commit for
// each.
func accepted(tb testing.TB, l *Ledger, all []Request) {
	tb.Helper()
	for part := range slices.Chunk(all, 10_000) {
		if err := l.writer.act(context.WithoutCancel(tb.Context()), func(bt *batch) error {
			bt.requests = append(bt.requests, part...)
			for _, r := range part {
				bt.event(Event{Site: r.Site, Kind: KindAccepted, Request: r.ID})
			}
			return nil
		}); err != nil {
			tb.Fatal(err)
		}
	}
}

// The index is written after the requests, whatever happens in between.
func TestTheIndexCatchesUpByItself(t *testing.T) {
	path := filepath.Join(t.TempDir(), "pressrun.db")
	l := open(t, path)
	indexed := func(l *Ledger) (n int) {
		t.Helper()
		if err := l.readers.QueryRowContext(t.Context(), `SELECT COUNT(*) FROM request_search`).Scan(&n); err != nil {
			t.Fatal(err)
		}
		return n
	}
	for i := range 3 {
		ask(t, l, Request{Title: fmt.Sprint("Page ", i), Key: fmt.Sprint(i)})
	}
	ask(t, l, Request{Title: "Page 0", Key: "0"})
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	l = open(t, path) // of what was killed before, too
	ask(t, l, Request{Title: "Page 3"})
	eventually.Holds(t, "all are in the index", func() bool { return indexed(l) == 4 })
	if found, err := searchFor(t, l, "page"); err != nil || titles(found) != "Page 3, Page 2, Page 1, Page 0" || indexed(l) != 4 {
		t.Errorf("found %s, %v; %d are in the index", titles(found), err, indexed(l))
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
}

// Many requests fill the index while they come, and one that can't be written keeps
// none of them back.
func TestABusyLedgerKeepsItsIndexClose(t *testing.T) {
	l := fresh(t)
	crowd := func() {
		t.Helper()
		var all sync.WaitGroup
		for range 40 {
			all.Go(func() {
				for range 50 {
					if _, err := l.Accept(t.Context(), Request{Site: "www", Source: release.FromContent, Title: "Page"}); err != nil {
						t.Error(err)
					}
				}
			})
		}
		all.Wait()
	}
	crowd()
	if behind := l.writer.index.behind.Load(); behind > indexBehind+maxBatch {
		t.Errorf("it is %d behind", behind)
	}
	if err := l.writer.act(t.Context(), func(b *batch) error {
		_, err := b.exec(`DROP TABLE request_search`)
		return err
	}); err != nil {
		t.Fatal(err)
	}
	crowd()
	if err := l.Indexed(t.Context()); err == nil {
		t.Error("an index that is gone is said to be up to date")
	}
}

// What a word may be the beginning of is looked up in SQLite's index, whose own rules say
// what a word is. So the same must be found as by FTS5's query for beginnings.
func TestWordsOfTheIndexFindWhatBeginningsFind(t *testing.T) {
	l := open(t, filepath.Join(t.TempDir(), "pressrun.db"))
	var all []Request
	for r := rune(0x20); r < 0x3000; r++ {
		all = append(all, Request{Title: fmt.Sprintf("aaa%cbbb caf%c %cnight", r, r, r), Entity: fmt.Sprint("node/", strings.Repeat("7", int(r%20)+1))})
	}
	for i := range 3 * database.MaxCompletions {
		all = append(all, Request{Title: fmt.Sprintf("x-many%c%c", 'a'+i%20, 'a'+i/20)})
	}
	for i := range all {
		all[i].ID, all[i].Site, all[i].Place, all[i].Source = fmt.Sprintf("req_%07d", i), "www", int64(i+1), release.FromContent
	}
	accepted(t, l, all)
	if err := l.Indexed(t.Context()); err != nil {
		t.Fatal(err)
	}
	for _, word := range []string{"caf", "café", "CAFÉ", "aaab", "aaaøb", "aaaßbbb", "aaaİb", "ñnight", "night", "node/777", "node/", "many", "manya", "x-many", "req_000", "aaa!bbb", "“café”", "zzz"} {
		err := l.Read(t.Context(), func(ctx context.Context, s *Snapshot) error {
			search := s.engine.Search()
			with, some, err := s.sought(ctx, []string{word, "req"})
			if err != nil {
				return err
			}
			var found []Request
			if some {
				if found, err = s.requests(ctx, search.Where, search.Match(with), "www", 20_000); err != nil {
					return err
				}
			}
			plain := []database.Sought{{Text: word, Begins: database.MayBegin(word)}, {Text: "req"}}
			want, err := s.requests(ctx, search.Where, search.Match(plain), "www", 20_000)
			if err == nil && len(found) != len(want) || len(want) == 0 && word != "zzz" {
				t.Errorf("%q, looked for as %q, finds %d requests, and %d as a beginning", word, search.Match(with), len(found), len(want))
			}
			return err
		})
		if err != nil {
			t.Error(err)
		}
	}
}

// SQLite looks at a bound limit when it plans a statement, so each time that one is bound
// the statement is planned again: that took longer than most readings. A cast hides it.
func TestNoLimitMakesSQLitePlanAgain(t *testing.T) {
	files, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	casts := 0
	for _, file := range append(files, "sqlite/fulltext.go") {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if !strings.HasSuffix(file, "_test.go") && strings.Contains(string(text), "LIMIT $") {
			t.Errorf("%s: write LIMIT CAST($1 AS BIGINT) in place of LIMIT $1", file)
		}
		casts += strings.Count(string(text), "LIMIT CAST($")
	}
	if casts < 20 {
		t.Errorf("only %d limits were found", casts)
	}
}
