// Package fakekvs is CloudFront's KeyValueStore API in memory, with its quotas,
// for tests that need exact cut points. It speaks the protocol of the service
// model 2022-07-26 (REST and JSON), which contract.py holds it to with botocore.
package fakekvs

import (
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
)

// ARN is that of the one store there is.
const ARN = "arn:aws:cloudfront::123456789012:key-value-store/11111111-2222-3333-4444-555555555555"

// The quotas (CloudFront Developer Guide, "Quotas on key value stores").
const (
	MaxKey   = 512     // bytes
	MaxValue = 1024    // bytes
	MaxBatch = 50      // keys in one UpdateKeys
	MaxStore = 5 << 20 // bytes
	pageSize = 10      // what ListKeys gives when it is not asked for more, at most 50
)

// Server is one store. Its zero value is ready; set the hooks before use.
type Server struct {
	// Before is called for every request. A non-nil Fault says what goes wrong.
	Before func(r *http.Request) *Fault
	// Changed is called after every change, with the store still locked.
	Changed func(keys map[string]string)

	mu      sync.Mutex
	keys    map[string]string
	version int
	calls   []string
}

// Fault is how a request fails.
type Fault struct {
	// Drop: no answer comes. With Done the request was carried out all the same.
	Drop, Done bool
	Status     int // with Code, an error without anything carried out
	Code       string
}

// Set replaces what the store holds, as somebody else would.
func (s *Server) Set(keys map[string]string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.keys = maps.Clone(keys)
	s.version++
}

// Keys is a copy of what the store holds.
func (s *Server) Keys() map[string]string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return maps.Clone(s.keys)
}

// Calls are the operations so far, by name.
func (s *Server) Calls() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.calls)
}

// Do carries a request out without a network, whatever its host.
func (s *Server) Do(r *http.Request) (*http.Response, error) {
	var fault *Fault
	if s.Before != nil {
		fault = s.Before(r)
	}
	lost := &url.Error{Op: r.Method, URL: r.URL.Path, Err: io.ErrUnexpectedEOF}
	if fault != nil && fault.Drop && !fault.Done {
		return nil, lost
	}
	w := httptest.NewRecorder()
	if fault != nil && fault.Status != 0 {
		fail(w, fault.Status, fault.Code, "as the test asked")
	} else {
		s.ServeHTTP(w, r)
	}
	if fault != nil && fault.Drop {
		return nil, lost
	}
	response := w.Result()
	response.Request = r
	return response, nil
}

// ServeHTTP serves the API.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	rest, ok := strings.CutPrefix(r.URL.EscapedPath(), "/key-value-stores/")
	escaped, rest, _ := strings.Cut(rest, "/")
	arn, err := url.PathUnescape(escaped)
	if !ok || err != nil {
		fail(w, http.StatusNotFound, "ResourceNotFoundException", "no such path")
		return
	}
	if arn != ARN {
		fail(w, http.StatusNotFound, "ResourceNotFoundException", "no such store")
		return
	}
	body := []byte{}
	if r.Body != nil {
		if body, err = io.ReadAll(io.LimitReader(r.Body, 3<<20+1)); err != nil || len(body) > 3<<20 {
			fail(w, http.StatusRequestEntityTooLarge, "ValidationException", "the payload is larger than 3 MB")
			return
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.version == 0 {
		s.version, s.keys = 1, map[string]string{}
	}
	key, one := strings.CutPrefix(rest, "keys/")
	key, err = url.PathUnescape(key)
	switch {
	case err != nil:
		fail(w, http.StatusBadRequest, "ValidationException", "no such key")
	case rest == "" && r.Method == http.MethodGet:
		s.call("DescribeKeyValueStore")
		s.describe(w)
	case rest == "keys" && r.Method == http.MethodGet:
		s.call("ListKeys")
		s.list(w, r)
	case rest == "keys" && r.Method == http.MethodPost:
		s.call("UpdateKeys")
		s.update(w, r, body)
	case one && r.Method == http.MethodGet:
		s.call("GetKey")
		s.get(w, key)
	case one && r.Method == http.MethodPut:
		s.call("PutKey")
		s.put(w, r, key, body)
	case one && r.Method == http.MethodDelete:
		s.call("DeleteKey")
		s.change(w, r, nil, []string{key})
	default:
		fail(w, http.StatusNotFound, "ResourceNotFoundException", "no such operation")
	}
}

func (s *Server) call(name string) { s.calls = append(s.calls, name) }

func (s *Server) etag() string { return fmt.Sprintf("KV%08d", s.version) }

func size(keys map[string]string) int {
	n := 0
	for k, v := range keys {
		n += len(k) + len(v)
	}
	return n
}

func (s *Server) describe(w http.ResponseWriter) {
	w.Header().Set("ETag", s.etag())
	answer(w, map[string]any{
		"ItemCount": len(s.keys), "TotalSizeInBytes": size(s.keys), "KvsARN": ARN, "Created": 1.7e9,
		"LastModified": float64(time.Now().Unix()), "Status": "READY",
	})
}

type pair struct{ Key, Value string }

func (s *Server) list(w http.ResponseWriter, r *http.Request) {
	most := pageSize
	if text := r.URL.Query().Get("MaxResults"); text != "" {
		n, err := strconv.Atoi(text)
		if err != nil || n < 1 || n > 50 {
			fail(w, http.StatusBadRequest, "ValidationException", "MaxResults is 1 to 50")
			return
		}
		most = n
	}
	var items []pair
	for _, k := range slices.Sorted(maps.Keys(s.keys)) {
		if k > r.URL.Query().Get("NextToken") {
			items = append(items, pair{k, s.keys[k]})
		}
	}
	out := map[string]any{"Items": items}
	if len(items) > most {
		out["Items"], out["NextToken"] = items[:most], items[most-1].Key
	}
	answer(w, out)
}

func (s *Server) get(w http.ResponseWriter, key string) {
	value, ok := s.keys[key]
	if !ok {
		fail(w, http.StatusNotFound, "ResourceNotFoundException", "no such key")
		return
	}
	answer(w, map[string]any{"Key": key, "Value": value, "ItemCount": len(s.keys), "TotalSizeInBytes": size(s.keys)})
}

func (s *Server) put(w http.ResponseWriter, r *http.Request, key string, body []byte) {
	var in struct{ Value string }
	if err := json.Unmarshal(body, &in); err != nil {
		fail(w, http.StatusBadRequest, "ValidationException", err.Error())
		return
	}
	s.change(w, r, []pair{{key, in.Value}}, nil)
}

func (s *Server) update(w http.ResponseWriter, r *http.Request, body []byte) {
	var in struct {
		Puts    []pair
		Deletes []struct{ Key string }
	}
	if err := json.Unmarshal(body, &in); err != nil {
		fail(w, http.StatusBadRequest, "ValidationException", err.Error())
		return
	}
	var gone []string
	for _, d := range in.Deletes {
		gone = append(gone, d.Key)
	}
	s.change(w, r, in.Puts, gone)
}

// change does all or nothing.
func (s *Server) change(w http.ResponseWriter, r *http.Request, puts []pair, gone []string) {
	if len(puts)+len(gone) > MaxBatch {
		fail(w, http.StatusBadRequest, "ValidationException", "more than 50 keys")
		return
	}
	switch r.Header.Get("If-Match") {
	case "":
		fail(w, http.StatusBadRequest, "ValidationException", "If-Match is missing")
		return
	case s.etag():
	default:
		fail(w, http.StatusConflict, "ConflictException", "the store has another version")
		return
	}
	next := maps.Clone(s.keys)
	for _, k := range gone {
		if _, ok := next[k]; !ok {
			fail(w, http.StatusNotFound, "ResourceNotFoundException", "no such key: "+k)
			return
		}
		delete(next, k)
	}
	for _, p := range puts {
		if p.Key == "" || len(p.Key) > MaxKey || len(p.Value) > MaxValue || slices.Contains(gone, p.Key) {
			fail(w, http.StatusBadRequest, "ValidationException", "the key or value is too long, or is given twice")
			return
		}
		next[p.Key] = p.Value
	}
	if size(next) > MaxStore {
		fail(w, http.StatusPaymentRequired, "ServiceQuotaExceededException", "the store is full")
		return
	}
	s.keys = next
	s.version++
	if s.Changed != nil {
		s.Changed(s.keys)
	}
	w.Header().Set("ETag", s.etag())
	answer(w, map[string]any{"ItemCount": len(next), "TotalSizeInBytes": size(next)})
}

func answer(w http.ResponseWriter, out any) {
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(out) // of plain values, to a recorder or a test's connection
}

func fail(w http.ResponseWriter, status int, code, message string) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("X-Amzn-Errortype", code)
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(map[string]string{"Message": message}) // likewise
}
