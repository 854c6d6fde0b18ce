package deploy_test

import (
	"io"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/pressrun/pressrun/internal/deploy/s3"
	"github.com/pressrun/pressrun/internal/deploy/store"
	"github.com/pressrun/pressrun/test/fakes3"
)

// door lets one deploy's requests through to the store, or breaks them.
type door struct {
	server *fakes3.Server
	number atomic.Int64
	fault  func(number int64, r *http.Request) *fakes3.Fault
	wait   func(number int64)
}

// Do counts the request and carries it out.
func (d *door) Do(r *http.Request) (*http.Response, error) {
	n := d.number.Add(1)
	if d.wait != nil {
		d.wait(n)
	}
	if err := r.Context().Err(); err != nil {
		return nil, err
	}
	if d.fault == nil {
		return d.server.Do(r)
	}
	f := d.fault(n, r)
	switch {
	case f == nil:
		return d.server.Do(r)
	case f.Half:
		return d.breakOff(r)
	case f.Drop && !f.Done:
		return nil, io.ErrUnexpectedEOF
	case f.Drop:
		if response, err := d.server.Do(r); err == nil {
			_ = response.Body.Close()
		}
		return nil, io.ErrUnexpectedEOF
	}
	return &http.Response{
		StatusCode: f.Status, Header: http.Header{"Content-Type": {"application/xml"}}, Request: r, ProtoMajor: 1, ProtoMinor: 1,
		Body: io.NopCloser(strings.NewReader("<Error><Code>" + f.Code + "</Code></Error>")),
	}, nil
}

// breakOff carries the request out and loses half of its answer.
func (d *door) breakOff(r *http.Request) (*http.Response, error) {
	response, err := d.server.Do(r)
	if err != nil {
		return nil, err
	}
	body, err := io.ReadAll(response.Body)
	if err != nil {
		return nil, err
	}
	response.Body = io.NopCloser(strings.NewReader(""))
	fakes3.BreakOff(response, body)
	return response, nil
}

func (d *door) open(t testing.TB) store.Destination {
	t.Helper()
	st, err := s3.Open(t.Context(), bucket, prefix, s3.Options{
		Endpoint: "http://store", Region: "us-east-1", AccessKey: "a", SecretKey: "s", HTTPClient: d,
	})
	if err != nil {
		t.Fatal(err)
	}
	return store.Destination{Site: st, State: st.Sub(".pressrun/"), StatePrefix: ".pressrun/", KeptPrefix: ".pressrun/content/"}
}
