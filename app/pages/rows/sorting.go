package rows

import (
	"net/url"
	"slices"
)

// Column is a column of a table. Compare orders rows by it, nil where that says nothing.
type Column[T any] struct {
	Key     string // in the address of the page
	Name    string
	Compare func(a, b T) int
}

// Head is the heading of a column: Link sorts by it, Order says how the rows are sorted by it
// now, in the words of aria-sort, "" for not at all.
type Head struct{ Name, Link, Order, Arrow string }

// Sort orders what a table lists as the address of the page asks by a parameter: by the key of
// a column, with a minus before it the other way round. It gives the headings, each of which
// leads on: upwards, downwards, and back to how it was. An address of nil leads nowhere.
// Whatever else the address asks for stays; anchor is where on the page the table is.
func Sort[T any](listed []T, at *url.URL, param, anchor string, columns []Column[T]) []Head {
	asked := ""
	if at != nil {
		asked = at.Query().Get(param)
	}
	heads := make([]Head, 0, len(columns))
	for _, c := range columns {
		head := Head{Name: c.Name}
		next := c.Key
		switch {
		case c.Compare == nil:
		case asked == c.Key:
			slices.SortStableFunc(listed, c.Compare)
			head.Order, head.Arrow, next = "ascending", "▲", "-"+c.Key
		case asked == "-"+c.Key:
			slices.SortStableFunc(listed, func(a, b T) int { return c.Compare(b, a) })
			head.Order, head.Arrow, next = "descending", "▼", ""
		}
		if at != nil && c.Compare != nil {
			query := at.Query()
			query.Del(param)
			if next != "" {
				query.Set(param, next)
			}
			head.Link = at.Path + "?" + query.Encode() + "#" + anchor
		}
		heads = append(heads, head)
	}
	return heads
}
