package source

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/pressrun/pressrun/internal/content"
)

// rest is any API that lists JSON objects, as a file of settings describes it.
var rest = Kind{
	Name: "rest", Title: "any REST API, described by a file",
	Lists: restLists, Credential: bearer,
}

// ListSettings describe one list of an API. Pointers are JSON pointers (RFC 6901).
type ListSettings struct {
	Name  string            `yaml:"name"`
	Path  string            `yaml:"path"`
	Query map[string]string `yaml:"query"`
	// Items points to the array of records in an answer, empty where the answer is the
	// array. The others are within a record.
	Items    content.Pointer `yaml:"items"`
	ID       content.Pointer `yaml:"id"`
	Language content.Pointer `yaml:"language"`
	Stamp    content.Pointer `yaml:"stamp"`
	Revision content.Pointer `yaml:"revision"`
	Pages    PageSettings    `yaml:"pages"`
	// Since, Sparse and ByID let a pass read less than the whole list.
	Since  SinceSettings     `yaml:"since"`
	Sparse map[string]string `yaml:"sparse"`
	ByID   ByIDSettings      `yaml:"by_id"`
	// References are pointers to ids of other records, and the names of their lists.
	References map[content.Pointer]string `yaml:"references"`
	// GraphQL is the query, for the kind graphql; Variables are sent with it, and Cursor
	// is the name of the variable for the cursor.
	GraphQL   string         `yaml:"graphql"`
	Variables map[string]any `yaml:"variables"`
	Cursor    string         `yaml:"cursor_variable"`
}

// PageSettings say how pages follow each other: see content.Pager.
type PageSettings struct {
	SizeParam   string          `yaml:"size_param"`
	Size        int             `yaml:"size"`
	NumberParam string          `yaml:"number_param"`
	First       *int            `yaml:"first"`
	OffsetParam string          `yaml:"offset_param"`
	CursorParam string          `yaml:"cursor_param"`
	Next        content.Pointer `yaml:"next"`
	More        content.Pointer `yaml:"more"`
	Total       content.Pointer `yaml:"total"`
	Pages       content.Pointer `yaml:"pages"`
	TotalHeader string          `yaml:"total_header"`
	PagesHeader string          `yaml:"pages_header"`
}

// SinceSettings name the parameter that asks for changes since an instant, and the
// format of that: rfc3339 or unix.
type SinceSettings struct {
	Param  string `yaml:"param"`
	Format string `yaml:"format"`
}

// ByIDSettings name the parameter that asks for records by their ids, separated by
// commas, or repeated; Batch is how many at once.
type ByIDSettings struct {
	Param    string `yaml:"param"`
	Repeated bool   `yaml:"repeated"`
	Batch    int    `yaml:"batch"`
}

func (l ListSettings) check(kind string) error {
	named := map[string]content.Pointer{
		"items": l.Items, "id": l.ID, "language": l.Language, "stamp": l.Stamp, "revision": l.Revision,
		"pages.next": l.Pages.Next, "pages.more": l.Pages.More, "pages.total": l.Pages.Total, "pages.pages": l.Pages.Pages,
	}
	for p := range l.References {
		named[fmt.Sprintf("references[%q]", string(p))] = p
	}
	ways := 0
	for _, way := range []string{l.Pages.NumberParam, l.Pages.OffsetParam, l.Pages.CursorParam} {
		if way != "" {
			ways++
		}
	}
	switch {
	case l.Name == "" || strings.Contains(l.Name, "/"):
		return errors.New("name: expected a word without a slash")
	case l.ID == "":
		return errors.New("id: expected where a record has its id, such as /id")
	case kind == "graphql" && l.GraphQL == "":
		return errors.New("graphql: expected the query")
	case kind == "rest" && !strings.HasPrefix(l.Path, "/"):
		return fmt.Errorf("path: %q does not begin with a slash", l.Path)
	case ways > 1:
		return errors.New("pages: expected one of number_param, offset_param and cursor_param")
	case l.Pages.CursorParam != "" && l.Pages.Next == "":
		return errors.New("pages: cursor_param needs next, which points to the cursor in an answer")
	case (l.Pages.NumberParam != "" || l.Pages.OffsetParam != "") && l.Pages.Size < 1:
		return errors.New("pages.size: expected how many records a page has")
	case l.Since.Param != "" && !slices.Contains([]string{"", "rfc3339", "unix"}, l.Since.Format):
		return fmt.Errorf("since.format: %q is neither rfc3339 nor unix", l.Since.Format)
	case l.ByID.Param != "" && (l.ByID.Batch < 1 || l.ByID.Batch > 1000):
		return errors.New("by_id.batch: expected 1 to 1000")
	}
	for key, p := range named {
		if err := p.Check(); err != nil {
			return fmt.Errorf("%s: %w", key, err)
		}
	}
	return nil
}

func restLists(_ context.Context, _ Asker, s Settings) ([]content.Type, error) {
	var lists []content.Type
	for _, l := range s.Lists {
		lists = append(lists, restList(l))
	}
	return chosen(lists, s.Types)
}

func restList(l ListSettings) content.Type {
	t := content.Type{
		Name: l.Name, Path: l.Path, Query: values(l.Query), Items: l.Items, ID: l.ID, Language: l.Language, Stamp: l.Stamp, Revision: l.Revision,
		Pager: l.pager(), Sparse: values(l.Sparse), Batch: l.ByID.Batch, References: l.References,
	}
	if l.Since.Param != "" {
		t.Since = func(at time.Time) url.Values {
			if l.Since.Format == "unix" {
				return url.Values{l.Since.Param: {strconv.FormatInt(at.Unix(), 10)}}
			}
			return url.Values{l.Since.Param: {at.UTC().Format(time.RFC3339)}}
		}
	}
	switch {
	case l.ByID.Param != "" && l.ByID.Repeated:
		t.ByID = func(ids []string) url.Values { return url.Values{l.ByID.Param: ids} }
	case l.ByID.Param != "":
		t.ByID = listed(l.ByID.Param)
	}
	t.Serves = &content.Serving{DefaultSize: max(1, l.Pages.Size), MostSize: max(1, l.Pages.Size), IDs: l.ByID.Param, Envelope: restEnvelope(l)}
	if l.Pages.NumberParam == "" && l.Pages.OffsetParam == "" && l.Pages.SizeParam != "" {
		t.Serves = nil // pages that only an answer leads to are not made up
	}
	return t
}

func (l ListSettings) pager() content.Pager {
	p := l.Pages
	first := 1
	if p.First != nil {
		first = *p.First
	}
	return content.Pager{
		SizeParam: p.SizeParam, Size: p.Size, NumberParam: p.NumberParam, First: first, OffsetParam: p.OffsetParam, CursorParam: p.CursorParam,
		Next: p.Next, More: p.More, Total: p.Total, Pages: p.Pages, TotalHeader: p.TotalHeader, PagesHeader: p.PagesHeader,
	}
}

func values(m map[string]string) url.Values {
	if m == nil {
		return nil
	}
	v := url.Values{}
	for key, value := range m {
		v.Set(key, value)
	}
	return v
}
