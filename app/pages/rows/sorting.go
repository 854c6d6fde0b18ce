package rows

import (
	"net/url"
	"slices"
)

// Column is a column of a table. Compare orders rows by it, nil for a column without an
// order.
type Column[T any] struct {
	Key     string // in the address of the page
	Name    string
	Compare func(a, b T) int
}

// Head is the heading of a column: Link sorts by it, Order says how the rows are sorted by it
// now, in the words of aria-sort, "" for not at all.
type Head struct{ Name, Link, Order, Arrow string }

// Sort orders the rows of a table by a parameter of the page's address: the key of a column,
// with a minus before it for the reverse order. It gives the headings, each of which links to
// the next order: ascending, descending, the original one. They have no links for an address
// of nil. All other parameters stay; anchor is the table's place on the page.
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
