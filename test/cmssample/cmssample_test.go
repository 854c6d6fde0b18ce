package cmssample_test

import (
	"testing"
	"time"

	"github.com/pressrun/pressrun/internal/cms"
	"github.com/pressrun/pressrun/test/cmssample"
)

func TestEachNumberIsAnotherEventAndTheSameNumberTheSame(t *testing.T) {
	now := time.Date(2026, 11, 28, 12, 0, 0, 0, time.UTC)
	for _, name := range cms.Names() {
		d, _ := cms.Find(name)
		id := func(number int) string {
			sent := cmssample.New(d, "/hooks/www/x", number)
			d.Sign(&sent, cmssample.Secret, now)
			if err := d.Verify(sent, []string{cmssample.Secret}, now); err != nil {
				t.Errorf("%s: %v", name, err)
			}
			events, err := d.Events(sent)
			if err != nil || len(events) != 1 {
				t.Fatalf("%s: %v, %v", name, events, err)
			}
			return events[0].ID
		}
		if !cmssample.Known(d) {
			continue
		}
		one, other, same := id(1), id(2), id(1)
		if one == other || one != same {
			t.Errorf("%s: the events 1, 2 and 1 have the ids %s, %s and %s", name, one, other, same)
		}
	}
}
