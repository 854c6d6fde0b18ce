package terminal

import (
	"testing"
	"time"
)

// noon is the time from which spans and times of day count.
var noon = time.Date(2026, 11, 21, 17, 0, 0, 0, time.UTC)

func TestInstantsOfTheCommandLine(t *testing.T) {
	zone, err := time.LoadLocation("America/New_York")
	if err != nil {
		t.Fatal(err)
	}
	for text, want := range map[string]string{ // noon is 12:00 in New York
		"2026-12-24T18:00:00+01:00": "2026-12-24T17:00:00Z",
		"2026-12-24 18:00":          "2026-12-24T23:00:00Z",
		"2026-12-24T18:00":          "2026-12-24T23:00:00Z",
		"16:00":                     "2026-11-21T21:00:00Z",
		"12:00":                     "2026-11-22T17:00:00Z",
		"2h":                        "2026-11-21T19:00:00Z",
		"+90m":                      "2026-11-21T18:30:00Z",
		"now":                       "2026-11-21T17:00:00Z",
		"-2h":                       "", "0s": "", "tomorrow": "", "24:00": "", "2026-02-30 10:00": "", "": "",
	} {
		got := ""
		if at, err := ParseInstant(text, noon, zone); err == nil {
			got = at.UTC().Format(time.RFC3339)
		}
		if got != want {
			t.Errorf("%q is %q, expected %q", text, got, want)
		}
	}
}
