package app

import (
	"strings"
	"testing"
	"time"
	"unicode/utf8"
)

func TestTextIsMadeHarmless(t *testing.T) {
	for in, want := range map[string]string{
		"plain\n\ttext":                          "plain\n\ttext",
		"a\x00b\x1bc\x7fd\u0085e":                "a b c d e",
		"\u202egpj.exe\u202c":                    "gpj.exe",
		"\u2066a\u2067b\u2069":                   "ab",
		"line\u2028break":                        "line break",
		"שלום\u200f، مرحبا":                      "שלום\u200f، مرحبا",
		"👩\u200d🔬":                               "👩\u200d🔬",
		"\ufeffbom\U000e0041":                    "bom",
		"bad\xff\xfebytes":                       "bad\ufffd\ufffdbytes",
		"e" + strings.Repeat("\u0301", 30) + "x": "e" + strings.Repeat("\u0301", 4) + "x",
		"Việt Nam":                               "Việt Nam",
	} {
		if got := string(harmless([]byte(in))); got != want {
			t.Errorf("harmless(%q) = %q, want %q", in, got, want)
		}
	}
}

func FuzzHarmless(f *testing.F) {
	f.Add([]byte("a\u202eb\x00"))
	f.Fuzz(func(t *testing.T, in []byte) {
		out := harmless(in)
		if !utf8.Valid(out) || strings.ContainsAny(string(out), "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\x00\x1b") {
			t.Fatalf("harmless(%q) = %q", in, out)
		}
		if again := string(harmless(out)); again != string(out) {
			t.Fatalf("harmless twice: %q, then %q", out, again)
		}
	})
}

func TestWordsForAmounts(t *testing.T) {
	for got, want := range map[string]string{
		spanWords(-time.Second):           "0 s",
		spanWords(42 * time.Second):       "42 s",
		spanWords(65 * time.Second):       "1 min 5 s",
		spanWords(2 * time.Minute):        "2 min",
		spanWords(72 * time.Minute):       "1 h 12 min",
		spanWords(51 * time.Hour):         "2 d 3 h",
		bytesWords(0):                     "0 bytes",
		bytesWords(1):                     "1 byte",
		bytesWords(999):                   "999 bytes",
		bytesWords(1000):                  "1.0 kB",
		bytesWords(999_600):               "1.0 MB",
		bytesWords(25_300_000):            "25 MB",
		numberWords(1_234_567):            "1\u202f234\u202f567",
		numberWords(-1_000):               "-1\u202f000",
		plural(1, "request", "requests"):  "1 request",
		plural(12, "request", "requests"): "12 requests",
		short(10, "exactly 10"):           "exactly 10",
		short(10, "this is longer"):       "this is l…",
		capital("über"):                   "Über",
		sentence(" the build failed "):    "The build failed.",
		sentence(""):                      "",
		zoneName(time.Date(2026, 7, 1, 0, 0, 0, 0, time.FixedZone("-03", -3*3600))): "UTC-03",
	} {
		if got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}

func TestBarsStayWithinTheirLine(t *testing.T) {
	start := time.Date(2026, 11, 23, 15, 0, 0, 0, time.UTC)
	end := start.Add(100 * time.Second)
	for _, c := range []struct {
		from, to time.Time
		want     bar
	}{
		{start, end, bar{0, 100}},
		{start.Add(25 * time.Second), start.Add(75 * time.Second), bar{25, 50}},
		{end, end, bar{99.5, 0.5}},
		{start.Add(-time.Hour), end.Add(time.Hour), bar{0, 100}},
	} {
		if got := barOf(start, end, c.from, c.to); got != c.want {
			t.Errorf("barOf(%s, %s) = %v, want %v", c.from, c.to, got, c.want)
		}
	}
	if got := barOf(start, start, start, start); got != (bar{0, 100}) {
		t.Errorf("a line without length: %v", got)
	}
}
