package readthrough

import (
	"bytes"
	"cmp"
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/pressrun/pressrun/internal/content"
	"github.com/pressrun/pressrun/internal/content/archive"
)

type list struct {
	dir, snapshot string
	t             content.Type
	records       []content.Record

	mu      sync.Mutex
	columns map[content.Pointer][][]string // values by record, read when first asked for
}

func newList(dir string, s *content.Snapshot, t content.Type) *list {
	l := &list{dir: dir, snapshot: s.ID, t: t, columns: map[content.Pointer][][]string{}}
	for _, r := range s.Records {
		if r.Type == t.Name {
			l.records = append(l.records, r)
		}
	}
	return l
}

func (l *list) bytes(i int) ([]byte, error) {
	return archive.Record(l.dir, l.snapshot, l.records[i])
}

// record is the record with an id, or says why the copy can't answer with it.
func (l *list) record(id string) (raw []byte, why string) {
	found := -1
	for i, r := range l.records {
		if r.ID == id {
			if found >= 0 {
				return nil, "the record has several languages"
			}
			found = i
		}
	}
	if found < 0 {
		return nil, "the record is not in the copy"
	}
	raw, err := l.bytes(found)
	if err != nil {
		return nil, err.Error()
	}
	return raw, ""
}

// asked is a parsed request for a page.
type asked struct {
	offset, size int
	filters      []filter
	by           content.Pointer
	down         bool
}

type filter struct {
	at     content.Pointer
	values []string
}

func (l *list) offsetParam() string {
	if p := l.t.Pager.OffsetParam; p != "" {
		return p
	}
	return l.t.Serves.OffsetParam
}

// changesNothing says whether a parameter is ignored, or one that the copy was made with.
func (l *list) changesNothing(key string, values []string) bool {
	s := l.t.Serves
	return slices.Contains(s.Ignored, key) || key != s.OrderParam && key != s.DirectionParam && slices.Equal(values, l.t.Query[key])
}

// parse reads the parameters of a request, or says why the copy can't answer it.
func (l *list) parse(query url.Values) (ask asked, why string) {
	s, p := l.t.Serves, l.t.Pager
	ask.size = s.DefaultSize
	order, direction, page := s.Order, "", 0
	for key, values := range query {
		if len(values) != 1 {
			return ask, fmt.Sprintf("the parameter %s is there %d times", key, len(values))
		}
		value := values[0]
		n, err := strconv.Atoi(value)
		number := err == nil && n >= 0 && n <= 1_000_000_000
		at, filtered := s.Filters[key]
		switch {
		case key == p.SizeParam && number && n >= 1 && n <= s.MostSize:
			ask.size = n
		case key == p.NumberParam && p.NumberParam != "" && number && n >= p.First:
			page = n - p.First
		case key != "" && key == l.offsetParam() && number:
			ask.offset = n
		case key == s.IDs && s.IDs != "":
			ask.filters = append(ask.filters, filter{l.t.ID, strings.Split(value, ",")})
		case filtered:
			ask.filters = append(ask.filters, filter{at, strings.Split(value, ",")})
		case key == s.OrderParam && s.OrderParam != "":
			order = value
		case key == s.DirectionParam && s.DirectionParam != "" && (value == "asc" || value == "desc"):
			direction = value
		case l.changesNothing(key, values):
		default:
			return ask, fmt.Sprintf("the copy does not know %s=%s", key, value)
		}
	}
	if page > 0 {
		ask.offset = page * ask.size
	}
	return ask, l.order(&ask, order, direction)
}

func (l *list) order(ask *asked, order, direction string) (why string) {
	s := l.t.Serves
	name, down := strings.CutPrefix(order, "-")
	if !down && s.DirectionParam != "" {
		_, down = strings.CutPrefix(s.Order, "-")
	}
	if direction != "" {
		down = direction == "desc"
	}
	if name == "" {
		return ""
	}
	at, ok := s.Orders[name]
	if !ok {
		return fmt.Sprintf("the copy can't order by %s", order)
	}
	ask.by, ask.down = at, down
	return ""
}

// find are the records of a request, in its order.
func (l *list) find(ask asked) ([]int, error) {
	found := make([]int, 0, len(l.records))
	columns := make([][][]string, len(ask.filters))
	for i, f := range ask.filters {
		var err error
		if columns[i], err = l.column(f.at); err != nil {
			return nil, err
		}
	}
	for i := range l.records {
		matches := true
		for c, f := range ask.filters {
			matches = matches && slices.ContainsFunc(columns[c][i], func(v string) bool { return slices.Contains(f.values, v) })
		}
		if matches {
			found = append(found, i)
		}
	}
	if ask.by == "" {
		return found, nil
	}
	by, err := l.column(ask.by)
	if err != nil {
		return nil, err
	}
	slices.SortStableFunc(found, func(a, b int) int {
		way := cmp.Or(compare(first(by[a]), first(by[b])), compare(l.records[a].ID, l.records[b].ID))
		if ask.down {
			return -way
		}
		return way
	})
	return found, nil
}

// column are the values at a pointer of all records, read once.
func (l *list) column(at content.Pointer) ([][]string, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if column, ok := l.columns[at]; ok {
		return column, nil
	}
	column := make([][]string, len(l.records))
	for i, r := range l.records {
		if at == l.t.ID {
			column[i] = []string{r.ID}
			continue
		}
		raw, err := l.bytes(i)
		if err != nil {
			return nil, err
		}
		o, err := content.ParseObject(raw)
		if err != nil {
			return nil, fmt.Errorf("the record %s %w", r.Key, err)
		}
		column[i] = o.Texts(at)
	}
	l.columns[at] = column
	return column, nil
}

func (l *list) enclose(p content.ServedPage) ([]byte, error) {
	if envelope := l.t.Serves.Envelope; envelope != nil {
		return envelope(p)
	}
	return slices.Concat([]byte("["), bytes.Join(p.Items, []byte(",")), []byte("]")), nil
}

func first(values []string) string {
	if len(values) == 0 {
		return ""
	}
	return values[0]
}

// compare compares numbers as numbers, and anything else as text.
func compare(a, b string) int {
	x, errX := strconv.ParseInt(a, 10, 64)
	y, errY := strconv.ParseInt(b, 10, 64)
	if errX == nil && errY == nil {
		return cmp.Compare(x, y)
	}
	return strings.Compare(a, b)
}
