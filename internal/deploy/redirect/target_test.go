package redirect

import "testing"

func TestWhereAnAddressLeads(t *testing.T) {
	there := map[string]bool{"index.html": true, "a/index.html": true, "b.html": true, "c": true, "d e.html": true}
	for to, want := range map[string]string{
		"/": "index.html", "/?q=1#top": "index.html", "/a": "a/index.html", "/a/": "a/index.html", "/a/index.html": "a/index.html",
		"/b": "b.html", "/b/": "", "/b.html#x": "b.html", "/c": "c", "/d%20e": "d e.html", "/x/../a/": "a/index.html",
		"/none": "", "//host/a": "", "https://host/a": "", "/%zz": "", "": "", "a": "",
	} {
		if got, ok := TargetFile(to, func(name string) bool { return there[name] }); got != want || ok != (want != "") {
			t.Errorf("%q leads to %q, want %q", to, got, want)
		}
	}
}
