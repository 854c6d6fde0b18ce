package fakegithub

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"time"
)

// handler carries calls out with their faults, holds them against the
// description, and keeps a list of them.
func (s *Server) handler() http.Handler {
	api := s.apiRoutes()
	mux := http.NewServeMux()
	s.loginRoutes(mux)
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		// GHES and Gitea serve the same calls below a prefix.
		for _, prefix := range []string{"/api/v3", "/api/v1"} {
			if rest, ok := strings.CutPrefix(r.URL.Path, prefix); ok {
				r.URL.Path, r.URL.RawPath = rest, ""
			}
		}
		s.serve(api, w, r)
	})
	return mux
}

func (s *Server) serve(api http.Handler, w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	r.Body = io.NopCloser(bytes.NewReader(body))
	fault := s.fault(r)
	if fault == nil {
		fault = &Fault{}
	}
	time.Sleep(fault.Delay)
	rec := httptest.NewRecorder()
	if fault.Status == 0 || fault.After {
		api.ServeHTTP(rec, r)
		header := rec.Header().Clone()
		if err := s.spec.check(exchange{request: r, body: body, status: rec.Code, header: header, answer: rec.Body.Bytes()}); err != nil {
			s.violate("%s %s: %v", r.Method, r.URL.Path, err)
		}
	}
	if fault.Lose {
		s.noted(r, 0)
		panic(http.ErrAbortHandler) // ends the connection
	}
	if fault.Status != 0 {
		s.noted(r, fault.Status)
		w.Header().Set("Content-Type", "application/json; charset=utf-8")
		for name, value := range fault.Header {
			w.Header().Set(name, value)
		}
		w.WriteHeader(fault.Status)
		_, _ = io.WriteString(w, fault.Text) // the caller may have gone
		return
	}
	s.noted(r, rec.Code)
	for name, values := range rec.Header() {
		w.Header()[name] = values
	}
	w.WriteHeader(rec.Code)
	_, _ = w.Write(rec.Body.Bytes()) // the caller may have gone
}

func (s *Server) noted(r *http.Request, status int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.calls = append(s.calls, Call{At: time.Now(), Method: r.Method, Path: r.URL.Path, Status: status})
}

func reply(w http.ResponseWriter, status int, body any) {
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.WriteHeader(status)
	if body != nil {
		_ = json.NewEncoder(w).Encode(body) // a recorder takes everything
	}
}

func refuse(w http.ResponseWriter, status int, message string) {
	reply(w, status, map[string]any{"message": message, "documentation_url": "https://docs.github.com/rest", "status": http.StatusText(status)})
}

func decode(r *http.Request, into any) error { return json.NewDecoder(r.Body).Decode(into) }
