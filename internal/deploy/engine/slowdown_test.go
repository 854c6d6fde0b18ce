package engine_test

import (
	"fmt"
	"net/http"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/pressrun/pressrun/internal/deploy/engine"
	"github.com/pressrun/pressrun/test/fakes3"
)

// A store that takes 200 requests a second and answers the rest with 503 SlowDown,
// as S3 does with a new prefix: the retries spread what goes out at once.
func TestADeployGetsThroughAStoreThatAsksForLess(t *testing.T) {
	build := small()
	for n := range 600 {
		build[fmt.Sprintf("page-%d.html", n)] = "page"
	}
	source := build.write(t)
	synctest.Test(t, func(t *testing.T) {
		const rate = 200
		var mu sync.Mutex
		allowed, last, refused := float64(rate), time.Now(), 0
		server := &fakes3.Server{Before: func(*http.Request) *fakes3.Fault {
			time.Sleep(20 * time.Millisecond)
			mu.Lock()
			defer mu.Unlock()
			allowed = min(rate, allowed+rate*time.Since(last).Seconds())
			last = time.Now()
			if allowed < 1 {
				refused++
				return &fakes3.Fault{Status: http.StatusServiceUnavailable, Code: "SlowDown"}
			}
			allowed--
			return nil
		}}
		dest := fake(t, server)
		r, err := engine.Run(t.Context(), dest, engine.Options{Source: source, Site: "www"})
		if err != nil || !r.Live || r.Uploaded != len(build) || refused == 0 {
			t.Errorf("live %t, %d of %d sent, %d requests refused: %v", r.Live, r.Uploaded, len(build), refused, err)
		}
		if best := time.Duration(len(build)/rate) * time.Second; r.Seconds > 4*best.Seconds() {
			t.Errorf("took %.0f s where the store's rate allows %s", r.Seconds, best)
		}
	})
}
