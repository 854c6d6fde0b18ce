package api

import "testing"

func TestWhatBecameOfTheCDNIsToldInWords(t *testing.T) {
	for want, e := range map[string]Edge{
		"Live everywhere: fastly:S held nothing that changed.":                                                                                                  {CDN: "fastly:S", State: EdgeCurrent},
		"Live everywhere: fastly:S was told to forget 12 items, in 1.23s.":                                                                                      {CDN: "fastly:S", State: EdgePurged, Purged: 12, Seconds: 1.2345},
		"Live everywhere: fastly:S was told to forget 1 item, in 500ms.":                                                                                        {CDN: "fastly:S", State: EdgePurged, Purged: 1, Seconds: 0.5},
		`Live at the origin, edge pending: fastly:S may still show what was replaced (it answered 503). "pressrun invalidate" or the next release finishes it.`: {CDN: "fastly:S", State: EdgePending, Why: "it answered 503"},
		`Live at the origin, edge pending: the CDN may still show what was replaced. "pressrun invalidate" or the next release finishes it.`:                    {State: EdgePending},
		"": {CDN: "fastly:S", State: "of a later version"},
	} {
		if got := e.Words(); got != want {
			t.Errorf("got  %s\nwant %s", got, want)
		}
	}
}
