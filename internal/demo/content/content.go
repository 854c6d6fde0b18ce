// Package content is the wire format of the stand-in CMS's content API, and
// the client with which frontends read it.
package content

import (
	"fmt"
	"regexp"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// Status says whether an article belongs on the public site.
type Status string

// The states of an article.
const (
	Draft     Status = "draft"
	Published Status = "published"
)

// The limits of an article's fields, in characters. Body's is in bytes.
const (
	MaxTitle   = 200
	MaxSlug    = 80
	MaxSummary = 500
	MaxAuthor  = 100
	MaxBody    = 100_000
)

// Article is one page of content. Body is the text that package markup reads.
type Article struct {
	ID        string    `json:"id"`
	Slug      string    `json:"slug"`
	Title     string    `json:"title"`
	Summary   string    `json:"summary"`
	Body      string    `json:"body"`
	Author    string    `json:"author"`
	UpdatedAt time.Time `json:"updated_at"`
	Status    Status    `json:"status"`
}

// Site describes the public site.
type Site struct {
	Name    string `json:"name"`
	Tagline string `json:"tagline"`
	URL     string `json:"url,omitempty"` // the public address, absolute; may be empty
}

// Listing is the answer to GET /api/articles: every published article, newest
// first, in one document. One document is one instant of the CMS: a page-wise
// listing could lose an article that moves between two pages while it is read.
type Listing struct {
	Site     Site      `json:"site"`
	Total    int       `json:"total"` // equals len(Articles): a reader can tell a cut answer
	Articles []Article `json:"articles"`
}

// FieldError is a fault of one field, in words for its author.
type FieldError struct {
	Field  string `json:"field"`
	Detail string `json:"detail"`
}

// Error names the field and its fault.
func (e FieldError) Error() string { return e.Field + ": " + e.Detail }

var slugPattern = regexp.MustCompile(`^[a-z0-9]+(-[a-z0-9]+)*$`)

// Validate checks the fields that an author writes. It returns nil if the article can be
// published as it is.
func (a Article) Validate() []FieldError {
	var errs []FieldError
	add := func(field, detail string) {
		if detail != "" {
			errs = append(errs, FieldError{Field: field, Detail: detail})
		}
	}
	add("title", CheckLine(a.Title, MaxTitle))
	add("slug", checkSlug(a.Slug))
	add("summary", CheckLine(a.Summary, MaxSummary))
	add("body", checkBody(a.Body))
	add("author", CheckLine(a.Author, MaxAuthor))
	return errs
}

// CheckLine describes the fault of a line of text, which must not be empty, be longer
// than limit characters or hold control characters; "" for none.
func CheckLine(text string, limit int) string {
	switch {
	case strings.TrimSpace(text) == "":
		return "is empty: please fill it in"
	case utf8.RuneCountInString(text) > limit:
		return fmt.Sprintf("is too long: at most %d characters", limit)
	case !utf8.ValidString(text) || strings.ContainsFunc(text, unicode.IsControl):
		return "holds characters that are not text"
	}
	return ""
}

func checkSlug(slug string) string {
	if slug == "" || len(slug) > MaxSlug || !slugPattern.MatchString(slug) {
		return fmt.Sprintf("must be 1 to %d lower-case letters, digits and single hyphens, such as opening-hours", MaxSlug)
	}
	return ""
}

func checkBody(body string) string {
	notText := func(r rune) bool { return unicode.IsControl(r) && !strings.ContainsRune("\n\r\t", r) }
	switch {
	case strings.TrimSpace(body) == "":
		return "is empty: please write at least one paragraph"
	case len(body) > MaxBody:
		return fmt.Sprintf("is too long: at most %d bytes", MaxBody)
	case !utf8.ValidString(body) || strings.ContainsFunc(body, notText):
		return "holds characters that are not text"
	}
	return ""
}

// Slug proposes the last part of an address for a title: "Opening hours!"
// becomes "opening-hours". A title without ASCII letters or digits gives "".
func Slug(title string) string {
	var b strings.Builder
	for _, word := range strings.FieldsFunc(strings.ToLower(title), notSlug) {
		if b.Len()+len(word)+1 > MaxSlug {
			break
		}
		if b.Len() > 0 {
			b.WriteByte('-')
		}
		b.WriteString(word)
	}
	return b.String()
}

func notSlug(r rune) bool { return (r < 'a' || r > 'z') && (r < '0' || r > '9') }
