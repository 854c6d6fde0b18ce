package s3_test

import (
	"errors"
	"net/http"
	"testing"

	"github.com/pressrun/pressrun/internal/deploy/s3"
	"github.com/pressrun/pressrun/internal/deploy/store"
	"github.com/pressrun/pressrun/test/fakes3"
)

// TestAStoreThatTakesNothingAtTheMomentIsToldFromOneThatRefuses: only the first is
// worth another try later.
func TestAStoreThatTakesNothingAtTheMomentIsToldFromOneThatRefuses(t *testing.T) {
	for _, c := range []struct {
		status int
		code   string
		busy   bool
	}{
		{http.StatusServiceUnavailable, "SlowDown", true},
		{http.StatusServiceUnavailable, "ServiceUnavailable", true},
		{http.StatusInternalServerError, "InternalError", true},
		{http.StatusTooManyRequests, "TooManyRequests", true},
		{http.StatusNotImplemented, "NotImplemented", false},
		{http.StatusForbidden, "AccessDenied", false},
		{http.StatusInsufficientStorage, "XMinioStorageFull", false},
	} {
		server := &fakes3.Server{Before: func(*http.Request) *fakes3.Fault { return &fakes3.Fault{Status: c.status, Code: c.code} }}
		st, err := s3.Open(t.Context(), "b", "", s3.Options{Endpoint: "http://fake", AccessKey: "a", SecretKey: "s", HTTPClient: server, MaxAttempts: 1})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := st.Get(t.Context(), "index.html"); err == nil || errors.Is(err, store.ErrUnreachable) != c.busy {
			t.Errorf("%d %s: busy %t, %v", c.status, c.code, !c.busy, err)
		}
	}
}
