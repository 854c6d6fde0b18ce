package release

import (
	"testing"
	"time"
)

// FuzzStep reads bytes as a story: each pair is an event of the alphabet and
// the time that passes before it. Whatever the story, the invariants hold and
// the site can be written down and read back.
func FuzzStep(f *testing.F) {
	f.Add([]byte{0, 0, 2, 4, 4, 0, 10, 0, 15, 0, 16, 0, 17, 0}) // a release that goes well
	f.Add([]byte{0, 0, 2, 4, 8, 0, 9, 5, 4, 0, 10, 0, 23, 0, 2, 4})
	f.Add([]byte{1, 0, 2, 4, 31, 0, 9, 0, 1, 0, 32, 0, 33, 0})
	f.Fuzz(func(t *testing.T, story []byte) {
		n := node{site: NewSite("www", DefaultPolicy()), now: monday}
		spans := []time.Duration{0, time.Second, -time.Second, time.Minute, 11 * time.Second, 41 * time.Minute}
		for ; len(story) >= 2; story = story[2:] {
			n.now = n.now.Add(spans[int(story[1])%len(spans)])
			events := alphabet(n)
			after, _, err := checkedStep(t, n.site, events[int(story[0])%len(events)], n.now)
			if err == nil {
				n.site = reload(t, after)
				settles(t, n.site, n.now)
			}
		}
	})
}
