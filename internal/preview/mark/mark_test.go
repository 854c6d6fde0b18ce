package mark_test

import (
	"bytes"
	"strings"
	"testing"

	"golang.org/x/net/html"

	"github.com/pressrun/pressrun/internal/preview/mark"
)

const said = "Preview of <b>\"a\"</b> & \u00e9"

func TestAPageSaysThatItIsAPreview(t *testing.T) {
	for name, page := range map[string]string{
		"whole":              "<!doctype html><html lang=en><head><title>A</title></head><body class=x><h1>A</h1></body></html>",
		"without a head":     "<!doctype html><html><body><h1>A</h1></body></html>",
		"without a body":     "<!doctype html><title>A</title><h1>A</h1>",
		"with nothing":       "A",
		"empty":              "",
		"body in a comment":  "<html><head><!-- <body> --></head><body><h1>A</h1></body></html>",
		"body in a script":   "<html><head><script>var a = '<body>'</script></head><body><h1>A</h1></body></html>",
		"head in a textarea": "<html><body><textarea><head></textarea></body></html>",
		"capitals":           "<!DOCTYPE HTML><HTML><HEAD></HEAD><BODY>A</BODY></HTML>",
		"byte order mark":    "\ufeff<!doctype html><html><head></head><body>A</body></html>",
	} {
		marked := mark.Page([]byte(page), said)
		doc, err := html.Parse(bytes.NewReader(bytes.TrimPrefix(marked, []byte("\ufeff")))) // as browsers do
		if err != nil {
			t.Fatal(err)
		}
		var robots, note bool
		for n := range doc.Descendants() {
			if n.Data == "meta" && n.Type == html.ElementNode && n.Parent.Data == "head" {
				robots = robots || strings.Contains(render(t, n), "noindex")
			}
			if n.Data == "div" && n.FirstChild != nil && n.FirstChild.Data == said && n.Parent.Data == "body" {
				note = true
			}
		}
		if !robots || !note {
			t.Errorf("%s: a crawler is told: %v; people are told: %v, by %s", name, robots, note, marked)
		}
	}
}

func render(t *testing.T, n *html.Node) string {
	t.Helper()
	var out strings.Builder
	if err := html.Render(&out, n); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

func TestWhatIsNoASCIIOrderStaysAsItIs(t *testing.T) {
	page := []byte("<\x00h\x00t\x00m\x00l\x00>\x00")
	if got := mark.Page(page, said); !bytes.Equal(got, page) {
		t.Errorf("a page in UTF-16 became %q", got)
	}
}

func FuzzPage(f *testing.F) {
	for _, page := range []string{"", "<head><body>", "<!doctype html><html><head></head><body>", "<!--", "<body><head>", "<title><body>"} {
		f.Add([]byte(page))
	}
	f.Fuzz(func(t *testing.T, page []byte) {
		marked := mark.Page(page, said)
		if bytes.IndexByte(page, 0) >= 0 {
			return
		}
		// What was there is there still, in its order, but for the two marks.
		if len(marked) <= len(page) || !bytes.HasPrefix(marked, page[:commonPrefix(page, marked)]) || !bytes.Contains(marked, []byte("noindex")) {
			t.Fatalf("%q became %q", page, marked)
		}
		rest := marked
		for _, b := range page {
			i := bytes.IndexByte(rest, b)
			if i < 0 {
				t.Fatalf("%q lost bytes: %q", page, marked)
			}
			rest = rest[i+1:]
		}
	})
}

func commonPrefix(a, b []byte) int {
	n := 0
	for n < len(a) && n < len(b) && a[n] == b[n] {
		n++
	}
	return n
}
