package engine_test

import (
	"fmt"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/pressrun/pressrun/internal/deploy/engine"
	"github.com/pressrun/pressrun/test/fakes3"
)

// The store answers one write only after it was sent a second time: without
// that, the deploy would wait for ever.
func TestADeployDoesNotWaitForOneStuckWrite(t *testing.T) {
	const stuck = "/b/page-70/index.html"
	var tries atomic.Int64
	server := &fakes3.Server{Before: func(r *http.Request) *fakes3.Fault {
		if r.Method == http.MethodPut && r.URL.Path == stuck && tries.Add(1) == 1 {
			<-r.Context().Done()
		}
		return nil
	}}
	build := small()
	for n := range 100 {
		build = build.with(fmt.Sprintf("page-%d/index.html", n), "page")
	}
	dest := fake(t, server)
	result, err := engine.Run(t.Context(), dest, engine.Options{Source: build.write(t), Site: "www", Concurrency: 4})
	if err != nil || !result.Live || result.SentTwice != 1 || tries.Load() != 2 {
		t.Fatalf("live %t, %d sent twice, %d tries, %v; want one, and two", result.Live, result.SentTwice, tries.Load(), err)
	}
	object, ok := server.Objects("b")[strings.TrimPrefix(stuck, "/b/")]
	if !ok || string(object.Body) != "page" {
		t.Errorf("the page is %q, %t", object.Body, ok)
	}
}
