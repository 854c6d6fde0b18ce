package release

import (
	"testing"
	"time"
)

func TestTickingAtNextTickAlwaysMakesProgress(t *testing.T) {
	policies := map[string]Policy{
		"default": DefaultPolicy(), "nothing set": {}, "patience only": {NoKnowledge: time.Hour},
	}
	for name, policy := range policies {
		for _, state := range States {
			t.Run(name+" in "+string(state), func(t *testing.T) {
				d := newDriver(t)
				d.to(state)
				d.site.Policy = policy
				for range 300 {
					settles(t, d.site, d.now)
					next := d.site.NextTick(d.now)
					if next.IsZero() {
						break
					}
					if next.After(d.now) {
						d.now = next
					}
					d.tick()
				}
			})
		}
	}
}

func TestATickNeedsAToken(t *testing.T) {
	newDriver(t).refused(Tick{}, CodeBadEvent)
}
