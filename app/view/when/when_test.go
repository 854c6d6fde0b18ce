package when

import (
	"math/rand/v2"
	"testing"
	"time"

	"github.com/pressrun/pressrun/internal/ledger"
	"github.com/pressrun/pressrun/internal/release"
)

// noon is when the releases of these tests are looked at.
var noon = time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)

// lasted are successes that took so many seconds each, the newest first.
func lasted(seconds ...int) []ledger.Release {
	var all []ledger.Release
	for i, s := range seconds {
		begun := noon.Add(-time.Duration(i+1) * time.Hour)
		all = append(all, ledger.Release{Release: release.Release{
			Number: int64(len(seconds) - i), Outcome: release.Succeeded, Dispatch: release.Dispatch{Intended: begun},
			Times: release.Times{
				Dispatched: begun, Starting: begun.Add(10 * time.Second), InProgress: begun.Add(30 * time.Second),
				Complete: begun.Add(time.Duration(s) * time.Second),
			},
		}})
	}
	return all
}

func TestARangeHoldsNineOfTenReleases(t *testing.T) {
	// Spans that jump about as builds do: a base, a share of luck, now and then a slow one.
	luck := rand.New(rand.NewPCG(1, 2))
	span := func(i int) int { return 120 + luck.IntN(60) + 90*((i%11)/10) }
	var past []int
	held, said := 0, 0
	for i := range 400 {
		if took := TookOf(lasted(past...)); len(past) >= rangeLeast {
			least, most, ok := took.Within(release.Dispatched)
			now := time.Duration(span(i)) * time.Second
			if said++; ok && least <= now && now <= most {
				held++
			}
		}
		past = append([]int{span(i)}, past[:min(len(past), 2*rangeFrom)]...)
	}
	if held*10 < said*9 {
		t.Errorf("%d of %d releases lay in the range that was said", held, said)
	}
}

func TestAWhenIsRoundedToMinutes(t *testing.T) {
	c := Clock{Now: noon, Zone: time.UTC}
	for want, r := range map[string]Range{
		"":                               {},
		"about 12:00 UTC, in a minute":   {noon, noon.Add(40 * time.Second)},
		"about 12:01 UTC, within 3 min":  {noon.Add(10 * time.Second), noon.Add(150 * time.Second)},
		"about 12:03 UTC, in 2 to 4 min": {noon.Add(2 * time.Minute), noon.Add(4 * time.Minute)},
		"about 12:05 UTC, in 5 min":      {noon.Add(5 * time.Minute), noon.Add(5 * time.Minute)},
		"about 16:00 UTC":                {noon.Add(4 * time.Hour), noon.Add(4 * time.Hour)},
	} {
		if got := c.Around(r); got != want {
			t.Errorf("%v is %q, want %q", r, got, want)
		}
	}
}
