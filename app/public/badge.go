package public

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/xml"
	"fmt"
	"net/http"
	"strings"

	"github.com/pressrun/pressrun/app/problem"
	"github.com/pressrun/pressrun/app/view"
	"github.com/pressrun/pressrun/internal/text"
)

func (p *Public) badge(w http.ResponseWriter, r *http.Request) {
	if !p.reads(w, r) {
		return
	}
	secure(w.Header())
	name, isSVG := strings.CutSuffix(strings.TrimPrefix(r.URL.Path, BadgePath), ".svg")
	if !isSVG || !p.sites[name].Public.Badge {
		p.problems.Write(w, r, problem.New(http.StatusNotFound, "not_found", errNoBadge.Error()))
		return
	}
	svg, err := p.drawBadge(r.Context(), name)
	if err != nil {
		p.problems.Write(w, r, err)
		return
	}
	sum := sha256.Sum256(svg)
	tag := `"` + hex.EncodeToString(sum[:8]) + `"`
	w.Header().Set("ETag", tag)
	w.Header().Set("Cache-Control", fmt.Sprintf("public, max-age=%d", int(badgeAge.Seconds())))
	if r.Header.Get("If-None-Match") == tag {
		w.WriteHeader(http.StatusNotModified)
		return
	}
	w.Header().Set("Content-Type", "image/svg+xml")
	_, _ = w.Write(svg) //nolint:gosec // G705: its texts are escaped, and its policy lets nothing run
}

// colours are the backgrounds of each state; white text on each has a contrast of 4.5:1 at
// least (WCAG 2.2, 1.4.3).
var colours = map[string]string{
	"live": "#1a6b37", "going": "#1f5a99", "waiting": "#5a5f66", "scheduled": "#5a5f66", "stopped": "#9c2f1c", "none": "#5a5f66",
}

// Measures of a badge, in pixels. letter is wider than a letter of most fonts.
const (
	letter  = 6.6
	padding = 8
	height  = 20
)

// drawSVG draws a badge: a title, and the state of the site.
func drawSVG(title string, s view.Short) []byte {
	title = text.Shorten(title, 40)
	label := width(title)
	whole := label + width(s.Text)
	var b bytes.Buffer
	fmt.Fprintf(&b, `<svg xmlns="http://www.w3.org/2000/svg" width="%d" height="%d" role="img" aria-labelledby="t">`, whole, height)
	fmt.Fprintf(&b, `<title id="t">%s: %s</title>`, escaped(title), escaped(s.Text))
	fmt.Fprintf(&b, `<rect width="%d" height="%d" rx="3" fill="#24292f"/>`, whole, height)
	fmt.Fprintf(&b, `<path d="M%d 0h%da3 3 0 0 1 3 3v14a3 3 0 0 1-3 3H%dz" fill="%s"/>`, label, whole-label-3, label, colours[s.State])
	b.WriteString(`<g fill="#fff" font-family="Verdana,DejaVu Sans,sans-serif" font-size="11" aria-hidden="true">`)
	fmt.Fprintf(&b, `<text x="%d" y="14" textLength="%d" lengthAdjust="spacingAndGlyphs">%s</text>`, padding, label-2*padding, escaped(title))
	fmt.Fprintf(&b, `<text x="%d" y="14" textLength="%d" lengthAdjust="spacingAndGlyphs">%s</text>`, label+padding, whole-label-2*padding, escaped(s.Text))
	b.WriteString(`</g></svg>`)
	return b.Bytes()
}

func width(words string) int { return int(letter*float64(len([]rune(words)))) + 2*padding }

func escaped(words string) string {
	var b bytes.Buffer
	_ = xml.EscapeText(&b, []byte(words)) // a buffer takes all
	return b.String()
}
