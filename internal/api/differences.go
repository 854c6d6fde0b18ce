package api

import (
	"context"
	"net/url"
	"strconv"
)

// How a page differs between two releases.
const (
	PageAdded   = "added"
	PageChanged = "changed"
	PageDeleted = "deleted"
	PageSame    = "same"
)

// Why there is no text of a page to show.
const (
	TextNotKept    = "not_kept"   // the destination keeps its content no longer
	TextTooLarge   = "too_large"  // it is too large to be compared
	TextUnreadable = "unreadable" // it is compressed in a way that can't be read
)

// Differences are the pages that differ between two releases.
type Differences struct {
	Site string `json:"site"`
	// From is 0 when nothing was live before To.
	From    int64 `json:"from"`
	To      int64 `json:"to"`
	Added   int   `json:"added"`
	Changed int   `json:"changed"`
	Deleted int   `json:"deleted"`
	// OtherFiles counts what differs beside pages: pictures, style sheets, documents.
	OtherFiles int           `json:"other_files"`
	Pages      []ChangedPage `json:"pages"`
	More       int           `json:"more,omitempty"` // pages that differ and are not listed
}

// Same says whether the two releases have the same files.
func (d Differences) Same() bool { return d.Added+d.Changed+d.Deleted+d.OtherFiles == 0 }

// ChangedPage is a page that differs.
type ChangedPage struct {
	Path    string `json:"path"`    // of its file, such as news/index.html
	Address string `json:"address"` // at the site, such as /news/
	Title   string `json:"title,omitempty"`
	Change  string `json:"change" enum:"added,changed,deleted,same"`
}

// PageText is the text of a page in two releases, side by side.
type PageText struct {
	Site string `json:"site"`
	From int64  `json:"from"`
	To   int64  `json:"to"`
	ChangedPage
	OldTitle string `json:"old_title,omitempty"`
	// OldMissing and NewMissing say why that side's text can't be shown; there are no
	// rows then.
	OldMissing string `json:"old_missing,omitempty" enum:"not_kept,too_large,unreadable"`
	NewMissing string `json:"new_missing,omitempty" enum:"not_kept,too_large,unreadable"`
	// Rows are the paragraphs that differ, with those around them. There are none where
	// only the markup differs.
	Rows []TextRow `json:"rows,omitempty"`
	Cut  bool      `json:"cut,omitempty"` // the page has more text than is compared
}

// TextRow is an old paragraph beside the new one.
type TextRow struct {
	Change  string     `json:"change" enum:"same,changed,added,deleted,skipped"`
	Old     []TextSpan `json:"old,omitempty"`
	New     []TextSpan `json:"new,omitempty"`
	Skipped int        `json:"skipped,omitempty"` // paragraphs that are the same, left out here
}

// TextSpan is a part of a paragraph.
type TextSpan struct {
	Text   string `json:"text"`
	Marked bool   `json:"marked,omitempty"` // the other side has other words there
}

// Differences lists the pages that differ between two releases. A from of 0 is the
// release that was live before to, and a to of 0 the live release. A limit of 0 is the
// app's default.
func (c *Client) Differences(ctx context.Context, site string, from, to int64, limit int) (Differences, error) {
	query := between(from, to)
	if limit > 0 {
		query.Set("limit", strconv.Itoa(limit))
	}
	var out Differences
	return out, c.get(ctx, sitePath(site, "differences"), query, &out)
}

// PageText reads the text of a page in two releases.
func (c *Client) PageText(ctx context.Context, site string, from, to int64, path string) (PageText, error) {
	query := between(from, to)
	query.Set("path", path)
	var out PageText
	return out, c.get(ctx, sitePath(site, "differences", "text"), query, &out)
}

func between(from, to int64) url.Values {
	query := url.Values{}
	for name, number := range map[string]int64{"from": from, "to": to} {
		if number > 0 {
			query.Set(name, strconv.FormatInt(number, 10))
		}
	}
	return query
}
