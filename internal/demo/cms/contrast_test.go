package cms

import (
	"fmt"
	"math"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

var colour = regexp.MustCompile(`--([a-z-]+): #([0-9a-f]{6});`)

// TestColoursHaveEnoughContrast holds WCAG 2.1 success criteria 1.4.3 (text,
// 4.5:1) and 1.4.11 (edges of controls, 3:1) in both colour schemes.
func TestColoursHaveEnoughContrast(t *testing.T) {
	css, err := assets.ReadFile("assets/cms.css")
	if err != nil {
		t.Fatal(err)
	}
	light, dark, found := strings.Cut(string(css), "prefers-color-scheme: dark")
	if !found {
		t.Fatal("no dark scheme")
	}
	for scheme, text := range map[string]string{"light": light, "dark": dark} {
		colours := map[string]string{}
		for _, m := range colour.FindAllStringSubmatch(text, -1) {
			colours[m[1]] = m[2]
		}
		pairs := 0
		for name, fore := range colours {
			role, ground, ok := strings.Cut(name, "on-")
			if !ok {
				continue
			}
			want := 4.5
			if role == "edge-" {
				want = 3
			}
			pairs++
			if got := contrast(t, fore, colours[ground]); got < want {
				t.Errorf("%s: %s on %s has contrast %.2f, want %.1f", scheme, name, ground, got, want)
			}
		}
		if pairs < 10 {
			t.Errorf("%s: only %d pairs of colours checked", scheme, pairs)
		}
	}
}

// contrast is WCAG 2.1's contrast ratio of two colours given as rrggbb.
func contrast(t *testing.T, a, b string) float64 {
	t.Helper()
	x, y := luminance(t, a), luminance(t, b)
	return (max(x, y) + 0.05) / (min(x, y) + 0.05)
}

func luminance(t *testing.T, hex string) float64 {
	t.Helper()
	sum := 0.0
	for i, weight := range []float64{0.2126, 0.7152, 0.0722} {
		n, err := strconv.ParseUint(fmt.Sprintf("%.2s", hex[min(2*i, len(hex)):]), 16, 8)
		if err != nil {
			t.Fatalf("colour %q: %v", hex, err)
		}
		v := float64(n) / 255
		if v <= 0.04045 {
			sum += weight * v / 12.92
			continue
		}
		sum += weight * math.Pow((v+0.055)/1.055, 2.4)
	}
	return sum
}
