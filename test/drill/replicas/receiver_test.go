//go:build unix

package replicas

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"
)

// notice is one that came, each time that it did.
type notice struct {
	id, site string
	release  int64
	at       time.Time
}

// receiver is told which releases are live.
type receiver struct {
	http *httptest.Server

	mu   sync.Mutex
	came []notice
	hold *held
}

// held is an answer that the receiver keeps back.
type held struct {
	began chan struct{} // closed when a notice came
	over  chan struct{} // close it to answer
}

func startReceiver(t *testing.T) *receiver {
	t.Helper()
	r := &receiver{}
	r.http = httptest.NewServer(http.HandlerFunc(r.take))
	t.Cleanup(r.http.Close)
	return r
}

func (r *receiver) take(w http.ResponseWriter, req *http.Request) {
	body, err := io.ReadAll(io.LimitReader(req.Body, 1<<20))
	var event struct {
		ID   string
		Data struct {
			Site    struct{ Name string }
			Release struct{ Number int64 }
		}
	}
	if err == nil {
		err = json.Unmarshal(body, &event)
	}
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	r.mu.Lock()
	r.came = append(r.came, notice{id: event.ID, site: event.Data.Site.Name, release: event.Data.Release.Number, at: time.Now()})
	hold := r.hold
	r.hold = nil
	r.mu.Unlock()
	if hold != nil {
		close(hold.began)
		select {
		case <-hold.over:
		case <-req.Context().Done(): // its sender died
		}
	}
	w.WriteHeader(http.StatusOK)
}

// holdNext keeps the answer to the next notice back.
func (r *receiver) holdNext() *held {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.hold = &held{began: make(chan struct{}), over: make(chan struct{})}
	return r.hold
}

func (r *receiver) all() []notice {
	r.mu.Lock()
	defer r.mu.Unlock()
	return append([]notice(nil), r.came...)
}
