package rows

import (
	"cmp"
	"net/url"
	"testing"

	diff "github.com/google/go-cmp/cmp"
)

func TestATableIsSortedAsTheAddressAsks(t *testing.T) {
	type row struct {
		name  string
		count int
	}
	columns := []Column[row]{
		{Key: "name", Name: "Name", Compare: func(a, b row) int { return cmp.Compare(a.name, b.name) }},
		{Key: "count", Name: "Count", Compare: func(a, b row) int { return cmp.Compare(a.count, b.count) }},
		{Key: "why", Name: "Why"},
	}
	rows := func() []row { return []row{{"b", 1}, {"c", 2}, {"a", 1}} }
	for address, want := range map[string]struct {
		rows  []row
		heads []Head
	}{
		"/x?before=9": {[]row{{"b", 1}, {"c", 2}, {"a", 1}}, []Head{{Name: "Name", Link: "/x?before=9&sort=name#t"}, {Name: "Count", Link: "/x?before=9&sort=count#t"}, {Name: "Why"}}},
		"/x?sort=name": {[]row{{"a", 1}, {"b", 1}, {"c", 2}}, []Head{
			{Name: "Name", Link: "/x?sort=-name#t", Order: "ascending", Arrow: "▲"}, {Name: "Count", Link: "/x?sort=count#t"}, {Name: "Why"},
		}},
		"/x?sort=-count": {[]row{{"c", 2}, {"b", 1}, {"a", 1}}, []Head{
			{Name: "Name", Link: "/x?sort=name#t"}, {Name: "Count", Link: "/x?#t", Order: "descending", Arrow: "▼"}, {Name: "Why"},
		}},
		"/x?sort=why": {[]row{{"b", 1}, {"c", 2}, {"a", 1}}, []Head{{Name: "Name", Link: "/x?sort=name#t"}, {Name: "Count", Link: "/x?sort=count#t"}, {Name: "Why"}}},
	} {
		at, err := url.Parse(address)
		if err != nil {
			t.Fatal(err)
		}
		got := rows()
		heads := Sort(got, at, "sort", "t", columns)
		if d := diff.Diff(want.heads, heads); d != "" {
			t.Errorf("%s: %s", address, d)
		}
		if d := diff.Diff(want.rows, got, diff.AllowUnexported(row{})); d != "" {
			t.Errorf("%s: %s", address, d)
		}
	}
	if heads := Sort(rows(), nil, "sort", "t", columns); heads[0] != (Head{Name: "Name"}) {
		t.Errorf("a table that can't be sorted: %+v", heads)
	}
}
