package links

import (
	"bytes"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestAWalkerKnowsWhereAllStands(t *testing.T) {
	page := []byte(`<!DOCTYPE html><A HREF='/a?x=1&amp;y' href=b>x</a ><!-- <b c=d> --><script>"<i src=e>"</script><svg><style><u id=f></style></svg><img alt src=g.png>`)
	var got []string
	w := Walk(page)
	for w.Next() {
		start, stop := w.Place()
		name, end := w.Tag()
		got = append(got, string(page[start:stop])+" "+name+" "+w.Text())
		if end {
			continue
		}
		for _, a := range w.Attributes() {
			if !bytes.Equal(page[a.At:a.At+len(a.Value)], a.Value) {
				t.Errorf("%s is not at %d", a.Value, a.At)
			}
			got = append(got, a.Name+"="+Unescape(a.Value))
		}
	}
	want := []string{
		`<A HREF='/a?x=1&amp;y' href=b> a `, "href=/a?x=1&y", "</a > a ", "<script> script script", "</script> script ",
		"<svg> svg ", "<style> style ", "<u id=f> u ", "id=f", "</style> style ", "</svg> svg ", "<img alt src=g.png> img ", "src=g.png",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func FuzzWalker(f *testing.F) {
	f.Add([]byte(`<a href="b" c=d><style>x</style><svg><![CDATA[<a>]]></svg>`))
	f.Fuzz(func(t *testing.T, page []byte) {
		last := 0
		for w := Walk(page); w.Next(); {
			start, stop := w.Place()
			if start < last || stop <= start || stop > len(page) || page[start] != '<' {
				t.Fatalf("a tag from %d to %d after %d of %d", start, stop, last, len(page))
			}
			last = stop
			for _, a := range w.Attributes() {
				if a.At < start || a.At+len(a.Value) > stop || !bytes.Equal(page[a.At:a.At+len(a.Value)], a.Value) {
					t.Fatalf("%s=%q is not at %d", a.Name, a.Value, a.At)
				}
			}
		}
	})
}
