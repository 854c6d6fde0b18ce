package content

import (
	"errors"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

// posts is a list as many CMSs have it.
var posts = Type{
	Name: "posts", Path: "/posts", Query: url.Values{"context": {"view"}}, Items: "/data", ID: "/id", Stamp: "/meta/updated", Language: "/lang",
	Pager:      Pager{SizeParam: "size", NumberParam: "page", First: 1, Size: 2, Total: "/meta/total"},
	Since:      func(t time.Time) url.Values { return url.Values{"since": {t.Format(time.RFC3339)}} },
	Sparse:     url.Values{"fields": {"id"}},
	ByID:       func(ids []string) url.Values { return url.Values{"ids": {strings.Join(ids, ",")}} },
	Batch:      50,
	References: map[Pointer]string{"/author": "users", "/tags": "tags"},
}

func TestAPageIsKeptAsItCame(t *testing.T) {
	page, err := posts.Read(http.Header{}, []byte(`{"data": [ {"id":7,  "big": 9007199254740993, "meta":{"updated":"2026-01-02T03:04:05"}, "lang":"de", "author": 3, "tags":[1,"x",0]} ], "meta":{"total":5}}`))
	if err != nil {
		t.Fatal(err)
	}
	want := Page{Total: 5, Pages: -1, Items: []Item{{
		Key: Key{Type: "posts", ID: "7", Language: "de"}, Stamp: "2026-01-02T03:04:05", References: []string{"tags/1", "tags/x", "users/3"},
		Raw: []byte(`{"id":7,  "big": 9007199254740993, "meta":{"updated":"2026-01-02T03:04:05"}, "lang":"de", "author": 3, "tags":[1,"x",0]}`),
	}}}
	if diff := cmp.Diff(want, page); diff != "" {
		t.Error(diff)
	}
	if rest, ok := posts.Pager.Rest(page); !ok || !cmp.Equal(rest, []string{"2", "3", "4", "5"}) {
		t.Errorf("of a source that gives one where two were asked for, the rest is %v, %v", rest, ok)
	}
	page.Items = append(page.Items, page.Items[0])
	if rest, ok := posts.Pager.Rest(page); !ok || !cmp.Equal(rest, []string{"2", "3"}) {
		t.Errorf("the rest is %v, %v", rest, ok)
	}
}

// An answer that is no list is never an empty one.
func TestWhatIsNoListIsAnErrorThatSaysWhatItIs(t *testing.T) {
	for body, want := range map[string]string{
		"":                                    "is no JSON object",
		"<html><title>Sign in":                `begins with "<html><title>Sign in"`,
		`null`:                                "is no JSON object",
		`[]`:                                  "is no JSON object",
		`{"data": null}`:                      "nothing at /data",
		`{"message": "No\x1b[1m"}`:            "is no JSON object",
		`{"message": "Wait"}`:                 "it says: Wait",
		`{"data": {}}`:                        "it has no array at",
		`{"data": [null]}`:                    "record 1 of the page is no JSON object",
		`{"data": [{"id": 1}, {"id": null}]}`: "record 2 of the page has no id at /id",
		`{"data": [{"id": {}}]}`:              "has no id",
		`{"data": [{"id": "` + strings.Repeat("x", 1025) + `"}]}`: "more than 1024",
		`{"data": [{"id": 1}]`:             "is no JSON object",
		strings.Repeat(`{"data":`, 20_000): "is no JSON object",
	} {
		page, err := posts.Read(http.Header{}, []byte(body))
		if !errors.Is(err, ErrNotAList) || !strings.Contains(err.Error(), want) || len(page.Items) > 1 {
			t.Errorf("%.60s: %v, want %q", body, err, want)
		}
	}
}

func TestWhatIsAskedFor(t *testing.T) {
	at := time.Date(2026, 11, 21, 17, 0, 0, 0, time.UTC)
	next := posts
	next.Pager = Pager{Next: "/links/next"}
	for _, c := range []struct {
		of       Type
		want     Want
		position string
		url      string
	}{
		{posts, Want{}, "", "https://c.example/api/posts?context=view&size=2"},
		{posts, Want{}, "3", "https://c.example/api/posts?context=view&page=3&size=2"},
		{posts, Want{Since: at}, "", "https://c.example/api/posts?context=view&since=2026-11-21T17%3A00%3A00Z&size=2"},
		{posts, Want{Sparse: true}, "2", "https://c.example/api/posts?context=view&fields=id&page=2&size=2"},
		{posts, Want{IDs: []string{"1", "2"}}, "", "https://c.example/api/posts?context=view&ids=1%2C2&size=50"},
		{next, Want{}, "https://c.example/api/posts?after=x", "https://c.example/api/posts?after=x"},
	} {
		if got := c.of.Request("https://c.example/api", c.want, c.position); got.URL != c.url || got.Method != http.MethodGet {
			t.Errorf("%+v is asked by %+v, want %s", c.want, got, c.url)
		}
	}
}

func TestStamps(t *testing.T) {
	for stamp, want := range map[string]string{
		"2026-01-02T03:04:05+01:00": "2026-01-02T02:04:05Z", "2026-01-02T03:04:05": "2026-01-02T03:04:05Z", "1767323045": "2026-01-02T03:04:05Z",
		"2026-01-02T03:04:05.123Z": "2026-01-02T03:04:05.123Z", "": "", "soon": "", "0": "", "99999999999999": "",
	} {
		got := ""
		if at, ok := ParseStamp(stamp); ok {
			got = at.UTC().Format(time.RFC3339Nano)
		}
		if got != want {
			t.Errorf("%q is %q, want %q", stamp, got, want)
		}
	}
}

// No two records share a file, wherever names are told apart by less than bytes.
func TestEveryRecordHasAFileOfItsOwn(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		word := rapid.StringMatching(`[aAbB./~%\\ é-]{1,4}`)
		a := Key{Type: word.Draw(t, "type"), ID: word.Draw(t, "id")}
		b := Key{Type: word.Draw(t, "type"), ID: word.Draw(t, "id"), Language: rapid.StringMatching(`[dD]?`).Draw(t, "language")}
		if strings.EqualFold(a.File(), b.File()) != (a == b) {
			t.Fatalf("%v and %v are in %s and %s", a, b, a.File(), b.File())
		}
		if parts := strings.Split(a.File(), "/"); len(parts) != 2 || strings.HasPrefix(parts[0], ".") || strings.HasPrefix(parts[1], ".") {
			t.Fatalf("%v is in %s", a, a.File())
		}
	})
}

func TestChangesNameWhatMayShowThemToo(t *testing.T) {
	record := func(id, hash string, to ...string) Record {
		return Record{Key: Key{Type: "posts", ID: id}, Hash: hash, References: to}
	}
	before := Snapshot{ID: "one", Records: []Record{record("1", "a"), record("2", "b", "posts/1"), record("3", "c"), record("4", "d", "posts/3"), record("6", "f")}}
	after := Snapshot{Records: []Record{record("1", "A"), record("2", "b", "posts/1"), record("4", "d", "posts/3"), record("5", "e"), record("6", "f")}}
	want := Changes{
		Since: "one", Added: []Key{{Type: "posts", ID: "5"}}, Changed: []Key{{Type: "posts", ID: "1"}}, Removed: []Key{{Type: "posts", ID: "3"}},
		Affected: []Key{{Type: "posts", ID: "2"}, {Type: "posts", ID: "4"}},
	}
	if diff := cmp.Diff(want, Between(&before, &after)); diff != "" {
		t.Error(diff)
	}
	if got := after.Unresolved(); !cmp.Equal(got, []string{"posts/3"}) {
		t.Errorf("unresolved: %v", got)
	}
	if !Between(&before, &before).Empty() {
		t.Error("a snapshot differs from itself")
	}
}

func FuzzRead(f *testing.F) {
	f.Add([]byte(`{"data":[{"id":1,"meta":{"updated":"x"},"tags":[1]}],"meta":{"total":5}}`), "/data")
	f.Add([]byte(`[{"id":"a"}]`), "")
	f.Fuzz(func(t *testing.T, body []byte, at string) {
		list := posts
		list.Items = Pointer(at)
		page, err := list.Read(http.Header{}, body)
		if err != nil {
			return
		}
		for _, item := range page.Items {
			if item.ID == "" || len(item.Raw) == 0 {
				t.Errorf("%q gives %+v", body, item)
			}
		}
	})
}
