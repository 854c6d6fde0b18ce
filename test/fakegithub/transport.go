package fakegithub

import (
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httptrace"
)

// Transport reaches the server without a network.
func (s *Server) Transport() http.RoundTripper { return Direct(s.routes) }

// Direct carries calls to a handler without a network.
func Direct(h http.Handler) http.RoundTripper { return direct{h} }

type direct struct{ to http.Handler }

var errLost = errors.New("the connection ended without an answer")

// RoundTrip implements http.RoundTripper.
func (d direct) RoundTrip(r *http.Request) (resp *http.Response, err error) {
	if err := r.Context().Err(); err != nil {
		return nil, err
	}
	if trace := httptrace.ContextClientTrace(r.Context()); trace != nil && trace.GotConn != nil {
		trace.GotConn(httptrace.GotConnInfo{})
	}
	defer func() {
		if p := recover(); p != nil {
			if e, ok := p.(error); !ok || !errors.Is(e, http.ErrAbortHandler) {
				panic(p)
			}
			resp, err = nil, errLost
		}
	}()
	in := r.Clone(r.Context())
	in.RequestURI = r.URL.RequestURI()
	if in.Host == "" {
		in.Host = r.URL.Host
	}
	if in.Body == nil {
		in.Body = io.NopCloser(http.NoBody)
	}
	rec := httptest.NewRecorder()
	d.to.ServeHTTP(rec, in)
	resp = rec.Result()
	resp.Request = r
	return resp, nil
}
