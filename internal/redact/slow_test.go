package redact

import (
	"fmt"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// slowly is Redactor.Text by looking for each hint, shape and form by itself.
func slowly(r *Redactor, text string) string {
	var found []span
	lower := strings.ToLower(text)
	has := func(hints []string) bool {
		for _, hint := range hints {
			if strings.Contains(lower, hint) {
				return true
			}
		}
		return false
	}
	for _, p := range append(append([]pattern{}, shapes...), ofPlaces...) {
		if has(p.hints) && (!p.at || has([]string{"@"})) && (!p.named || has(stems)) {
			found = p.spans(found, text)
		}
	}
	for _, form := range r.forms {
		for from := 0; ; {
			i := strings.Index(text[from:], form)
			if i < 0 {
				break
			}
			found = append(found, span{from + i, from + i + len(form)})
			from += i + 1
		}
	}
	return masked(text, found)
}

// pieces make texts in which something is found, and in which almost something is.
var pieces = []string{
	"s3cr3t-word", "s3cr3t", "aaaaaaaa", "aaaa", "a", "PASSWORD=", "password: ", "toKen", "to\u212aEN=", "s\u0130G=abcd1234", "?sig=", "&access_token=", "Authorization: Bearer ",
	"https://user:", "@host/", "ghp_" + strings.Repeat("aB3", 12), "AKIA" + "ABCDEFGHIJKLMNOP", "eyJ" + "hbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.", "-----BEGIN PRIVATE " + "KEY-----", "-----END PRIVATE " + "KEY-----",
	"Cookie: a=b", "X-Api-Key: ", "--password ", `{"secret":"`, `"`, " ", "\n", "\r\n", "=", ":", "é", "\xff", "\u2028", "%53", "MIIE", "key=", "curl -u me:", "x-amz-", "hunter22", "PAT : ", "'my.api-key' => '", "API_KEY",
}

func TestSecretsAreFoundInOnePassAsByLookingForEach(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var r Redactor
		for range rapid.IntRange(0, 4).Draw(t, "secrets") {
			r.Add(strings.Join(rapid.SliceOfN(rapid.SampledFrom(pieces), 1, 3).Draw(t, "secret"), ""))
		}
		piece := rapid.OneOf(rapid.SampledFrom(pieces), rapid.StringN(0, 6, -1))
		if len(r.forms) > 0 {
			piece = rapid.OneOf(piece, rapid.SampledFrom(r.forms))
		}
		text := strings.Join(rapid.SliceOfN(piece, 0, 20).Draw(t, "text"), "")
		if got, want := r.Text(text), slowly(&r, text); got != want {
			t.Fatalf("%q with %q:\n got %q\nwant %q", text, r.known, got, want)
		}
	})
}

// Each hint is found by the automaton wherever it stands, and no set's without one.
func TestHintsAreFoundInOnePass(t *testing.T) {
	sets := [][]string{stems}
	for _, p := range patterns().patterns {
		sets = append(sets, p.hints)
	}
	h := newHintSet(sets)
	part := rapid.OneOf(rapid.Custom(func(t *rapid.T) string {
		hint := rapid.SampledFrom(rapid.SampledFrom(sets).Draw(t, "set")).Draw(t, "hint")
		cut := rapid.IntRange(0, len(hint)).Draw(t, "cut")
		return rapid.SampledFrom([]string{hint, hint[cut:], hint[:cut], strings.ToUpper(hint)}).Draw(t, "part")
	}), rapid.SampledFrom([]string{" ", "x", "\u212a", "\u0130", "\xe2"}))
	rapid.Check(t, func(t *rapid.T) {
		text := strings.Join(rapid.SliceOfN(part, 0, 8).Draw(t, "parts"), "")
		lower := strings.ToLower(text)
		var want uint64
		for i, hints := range sets {
			for _, hint := range hints {
				if strings.Contains(lower, hint) {
					want |= 1 << i
				}
			}
		}
		if got := h.in(text); got != want {
			t.Fatalf("%q: %b, want %b", text, got, want)
		}
	})
}

// aLog is what builds print, a tenth of it with words that secrets are called by.
var aLog = []string{
	"12:00:01 GET https://cms.example.org/api/pages?page=12&status=ok 200 in 12 ms: rendering news/2026/a-title.html",
	"[11ty] Writing ./_site/resources/forms/index.html from ./src/pages/resources/forms.md (liquid)",
	"info  - Generating static pages (1200/4800)",
	"✓ 312 modules transformed.",
	"dist/assets/index-BXyd2k1p.js   143.21 kB │ gzip: 46.13 kB",
	"  > Processing image hero-2x.webp 1600x900 -> 800x450",
	"warning: /about/team/: heading level skipped from h2 to h4",
	"Built /outreach-and-events/events/71234/ in 3ms",
	"rendered node 81234 type=health_care_local_facility lang=en",
	"checking design tokens: 41 passed, author=jane connection=keep-alive",
}

// BenchmarkLog is the log of a build through a Writer, line by line, with 20 secrets.
func BenchmarkLog(b *testing.B) {
	var r Redactor
	for i := range 20 {
		r.Add(fmt.Sprintf("secret-number-%04d/x", i))
	}
	var text strings.Builder
	for i := range 10_000 {
		text.WriteString(aLog[i%len(aLog)] + "\n")
	}
	log := []byte(text.String())
	for name, one := range map[string]func(string) string{"in one pass": r.Text, "each by itself": func(line string) string { return slowly(&r, line) }} {
		b.Run(name, func(b *testing.B) {
			b.SetBytes(int64(len(log)))
			for b.Loop() {
				w := NewWriter(discard{}, one)
				for from := 0; from < len(log); from += 32 << 10 { // as pipes give it
					if _, err := w.Write(log[from:min(from+32<<10, len(log))]); err != nil {
						b.Fatal(err)
					}
				}
			}
		})
	}
}

type discard struct{}

func (discard) Write(p []byte) (int, error) { return len(p), nil }
