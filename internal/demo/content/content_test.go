package content_test

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/pressrun/pressrun/internal/demo/content"
)

func article(change func(*content.Article)) content.Article {
	a := content.Article{
		ID: "1", Slug: "opening-hours", Title: "Opening hours", Summary: "When we are open.", Body: "Every day.",
		Author: "Maya", UpdatedAt: time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC), Status: content.Published,
	}
	if change != nil {
		change(&a)
	}
	return a
}

func TestValidateNamesTheFieldAndTheCure(t *testing.T) {
	cases := []struct {
		name   string
		change func(*content.Article)
		field  string
	}{
		{"empty title", func(a *content.Article) { a.Title = " " }, "title"},
		{"long title", func(a *content.Article) { a.Title = strings.Repeat("ä", content.MaxTitle+1) }, "title"},
		{"line break in title", func(a *content.Article) { a.Title = "a\nb" }, "title"},
		{"slug that climbs", func(a *content.Article) { a.Slug = "../etc" }, "slug"},
		{"slug with capitals", func(a *content.Article) { a.Slug = "Opening" }, "slug"},
		{"slug ending in a hyphen", func(a *content.Article) { a.Slug = "a-" }, "slug"},
		{"empty body", func(a *content.Article) { a.Body = "\n" }, "body"},
		{"control in body", func(a *content.Article) { a.Body = "a\x1b[0m" }, "body"},
		{"huge body", func(a *content.Article) { a.Body = strings.Repeat("x", content.MaxBody+1) }, "body"},
		{"no author", func(a *content.Article) { a.Author = "" }, "author"},
		{"no summary", func(a *content.Article) { a.Summary = "" }, "summary"},
		{"broken UTF-8", func(a *content.Article) { a.Summary = "\xff" }, "summary"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			errs := article(c.change).Validate()
			if len(errs) != 1 || errs[0].Field != c.field || errs[0].Detail == "" {
				t.Errorf("got %v, want one error about %s", errs, c.field)
			}
		})
	}
	if errs := article(nil).Validate(); errs != nil {
		t.Errorf("a good article has errors: %v", errs)
	}
}

func TestSlugIsMadeFromTheTitle(t *testing.T) {
	cases := map[string]string{
		"Opening hours!":          "opening-hours",
		"  Tea & 2 biscuits  ":    "tea-2-biscuits",
		"日本":                      "",
		strings.Repeat("ab ", 99): strings.TrimSuffix(strings.Repeat("ab-", 27), "-"),
	}
	for title, want := range cases {
		if got := content.Slug(title); got != want {
			t.Errorf("Slug(%q) = %q, want %q", title, got, want)
		}
	}
}

func TestDecodeRefusesIncompleteListings(t *testing.T) {
	good := content.Listing{Site: content.Site{Name: "Library"}, Total: 1, Articles: []content.Article{article(nil)}}
	cases := []struct {
		name   string
		change func(*content.Listing)
	}{
		{"no articles", func(l *content.Listing) { l.Articles, l.Total = nil, 0 }},
		{"cut short", func(l *content.Listing) { l.Total = 2 }},
		{"no site name", func(l *content.Listing) { l.Site.Name = "" }},
		{"no id", func(l *content.Listing) { l.Articles[0].ID = "" }},
		{"a draft", func(l *content.Listing) { l.Articles[0].Status = content.Draft }},
		{"no date", func(l *content.Listing) { l.Articles[0].UpdatedAt = time.Time{} }},
		{"slug twice", func(l *content.Listing) { l.Articles = append(l.Articles, l.Articles[0]); l.Total = 2 }},
		{"bad field", func(l *content.Listing) { l.Articles[0].Slug = "a/b" }},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			listing := good
			listing.Articles = []content.Article{article(nil)}
			c.change(&listing)
			if _, err := content.Decode(encode(t, listing)); !errors.Is(err, content.ErrIncomplete) {
				t.Errorf("got %v, want ErrIncomplete", err)
			}
		})
	}
	got, err := content.Decode(encode(t, good))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(good, got); diff != "" {
		t.Errorf("listing (-want +got):\n%s", diff)
	}
}

func TestFetchFailsLoudly(t *testing.T) {
	cases := []struct {
		name    string
		handler http.HandlerFunc
		want    string
	}{
		{"server error", func(w http.ResponseWriter, _ *http.Request) { http.Error(w, "no", http.StatusBadGateway) }, "502"},
		{"a page in place of JSON", func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("<html>")) }, "text/html"},
		{"cut JSON", jsonAnswer(`{"total":1,"articles":[`), "decode listing"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			server := httptest.NewServer(c.handler)
			defer server.Close()
			_, err := content.Fetch(t.Context(), server.URL)
			if err == nil || !strings.Contains(err.Error(), c.want) || !strings.Contains(err.Error(), server.URL+"/api/articles") {
				t.Errorf("got %v, want an error with %q and the address", err, c.want)
			}
		})
	}
}

func TestFetchRefusesAddressesThatAreNone(t *testing.T) {
	for _, address := range []string{"", "cms.example", "ftp://cms.example", "http://", "://"} {
		if _, err := content.Fetch(t.Context(), address); err == nil || !strings.Contains(err.Error(), "CMS address") {
			t.Errorf("%q: got %v", address, err)
		}
	}
}

func TestFetchEndsWithItsContext(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		cancel()
		<-r.Context().Done()
	}))
	defer server.Close()
	if _, err := content.Fetch(ctx, server.URL); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want context.Canceled", err)
	}
}

func FuzzDecode(f *testing.F) {
	f.Add(`{}`)
	f.Add(`{"total":1,"site":{"name":"L"},"articles":[{"id":"1","slug":"a","title":"T","summary":"S","body":"B","author":"A","updated_at":"2026-03-02T09:00:00Z","status":"published"}]}`)
	f.Add(`{"articles":[null]}`)
	f.Fuzz(func(t *testing.T, text string) {
		listing, err := content.Decode(strings.NewReader(text))
		if err != nil {
			return
		}
		if listing.Total == 0 || listing.Total != len(listing.Articles) {
			t.Errorf("accepted an incomplete listing: %+v", listing)
		}
		for _, a := range listing.Articles {
			if a.Validate() != nil || strings.ContainsAny(a.Slug, "/.\\") {
				t.Errorf("accepted a bad article: %+v", a)
			}
		}
	})
}

func encode(t *testing.T, listing content.Listing) *strings.Reader {
	t.Helper()
	data, err := json.Marshal(listing)
	if err != nil {
		t.Fatal(err)
	}
	return strings.NewReader(string(data))
}

func jsonAnswer(body string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		_, _ = w.Write([]byte(body))
	}
}
