//go:build unix

package main

import (
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
)

// errorMark is in every answer that is no page of the site.
const errorMark = "this is no page of the site"

// faults are a CMS's bad days; "" is a good one.
var faults = []string{"", "", "errors", "all errors", "not found", "login", "maintenance", "cut off", "half way login"}

// cms is a CMS with editors, and with bad days.
type cms struct {
	*httptest.Server
	random *rand.Rand

	mu    sync.Mutex
	pages map[int]int                // version by number
	had   map[string]map[string]bool // all that a file has ever been
	fault string
	asked int
	dice  *rand.Rand
}

func newCMS(pages int, random *rand.Rand) *cms {
	c := &cms{random: random, pages: map[int]int{}, had: map[string]map[string]bool{}, dice: rand.New(rand.NewPCG(random.Uint64(), 2))}
	c.Server = httptest.NewServer(c)
	for i := range pages {
		c.write(i)
	}
	c.home()
	return c
}

func (c *cms) write(i int) {
	c.pages[i]++
	c.remember(fmt.Sprintf("page-%d/index.html", i), c.page(i))
}

// remember notes what a file may be. The addresses are exchanged by search and replace:
// what the bake does otherwise, it did wrong.
func (c *cms) remember(name, text string) {
	if c.had[name] == nil {
		c.had[name] = map[string]bool{}
	}
	c.had[name][c.baked(text)] = true
}

func (c *cms) baked(text string) string {
	text = strings.ReplaceAll(text, c.URL, publicURL)
	text = strings.ReplaceAll(text, strings.ReplaceAll(c.URL, "/", `\/`), strings.ReplaceAll(publicURL, "/", `\/`))
	return strings.ReplaceAll(text, strings.NewReplacer(":", "%3A", "/", "%2F").Replace(c.URL), strings.NewReplacer(":", "%3A", "/", "%2F").Replace(publicURL))
}

// page is a page with what tempts one to change more than addresses.
func (c *cms) page(i int) string {
	return fmt.Sprintf(`<!DOCTYPE html><HTML><head><title>Page %[1]d, version %[2]d</title><!-- %[3]s --></head>
<body class=x><p>Text & <b>unclosed<table><div>moved</div></table><pre>&lt;a href=&quot;/x&quot;&gt;</pre>
<a  href='%[3]s/' >home</a> <a href="/">root</a> <img srcset="%[3]s/a,b.png 1x,%[3]s/a,b.png 2x"><script>var j={"u":"%[4]s\/page-%[1]d\/"};</script>
<a href="https://share.example/?u=%[5]s%%2Fpage-%[1]d%%2F">share</a></body></HTML>`, i, c.pages[i], c.URL, strings.ReplaceAll(c.URL, "/", `\/`), strings.NewReplacer(":", "%3A", "/", "%2F").Replace(c.URL))
}

// home is the page that links to all others.
func (c *cms) home() string {
	var b strings.Builder
	fmt.Fprintf(&b, "<!DOCTYPE html><title>Home</title>")
	for i := range 1 << 20 {
		if len(c.pages) == 0 || i > 4*len(c.pages)+1000 {
			break
		}
		if c.pages[i] > 0 {
			fmt.Fprintf(&b, "<a href=/page-%d/>%d</a>\n", i, i)
		}
	}
	c.remember("index.html", b.String())
	return b.String()
}

// edit is what editors do between two bakes.
func (c *cms) edit() {
	c.mu.Lock()
	defer c.mu.Unlock()
	for range 1 + c.random.IntN(5) {
		c.write(c.random.IntN(len(c.pages) + 10))
	}
	if i := c.random.IntN(len(c.pages)); c.random.IntN(2) == 0 && c.pages[i] > 0 {
		delete(c.pages, i)
	}
	c.home()
}

func (c *cms) breaks(fault string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.fault, c.asked = fault, 0
}

// files are those that the folder must have.
func (c *cms) files() []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	out := []string{"index.html", "a,b.png"}
	for i := range c.pages {
		out = append(out, fmt.Sprintf("page-%d/index.html", i))
	}
	return out
}

// was says whether a file is what the CMS has now, or ever had.
func (c *cms) was(name, text string) (now, ever bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	var i int
	switch name {
	case "a,b.png":
		return text == picture, text == picture
	case "index.html":
		now = text == c.baked(c.home())
	default:
		if _, err := fmt.Sscanf(name, "page-%d/index.html", &i); err == nil {
			now = c.pages[i] > 0 && text == c.baked(c.page(i))
		}
	}
	return now, c.had[name][text]
}

const picture = "\x89PNG\r\n a picture"

func (c *cms) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.asked++
	if c.broken(w) {
		return
	}
	var i int
	switch n, _ := fmt.Sscanf(r.URL.Path, "/page-%d/", &i); {
	case r.URL.Path == "/":
		w.Header().Set("Content-Type", "text/html")
		fmt.Fprint(w, c.home())
	case r.URL.Path == "/a,b.png":
		w.Header().Set("Content-Type", "image/png")
		fmt.Fprint(w, picture)
	case n == 1 && c.pages[i] > 0:
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		fmt.Fprint(w, c.page(i))
	default:
		w.Header().Set("Content-Type", "text/html")
		w.WriteHeader(http.StatusNotFound)
		fmt.Fprint(w, "<title>Not found</title>"+errorMark)
	}
}

// broken answers as the fault has it; false where this answer is as it should be.
func (c *cms) broken(w http.ResponseWriter) bool {
	status, body := 0, "<title>Oops</title>"+errorMark
	half := c.asked > len(c.pages)/2
	switch some := c.dice.IntN(100); {
	case c.fault == "errors" && some < 20, c.fault == "all errors" && half:
		status = http.StatusInternalServerError
	case c.fault == "not found" && some < 40:
		status = http.StatusNotFound
	case c.fault == "login", c.fault == "half way login" && half:
		status, body = http.StatusOK, `<title>Log in</title><form><input type="password"></form>`+errorMark
	case c.fault == "maintenance" && half:
		status, body = http.StatusOK, fmt.Sprintf("<title>Back soon</title>%s %d", errorMark, c.asked)
	case c.fault == "cut off" && some < 10:
		if conn, _, err := http.NewResponseController(w).Hijack(); err == nil {
			_ = conn.Close() // it is broken off
			return true
		}
	}
	if status == 0 {
		return false
	}
	w.Header().Set("Content-Type", "text/html")
	w.WriteHeader(status)
	fmt.Fprint(w, body)
	return true
}
