// Package fakes3 is an S3 server in memory for tests that need exact cut points:
// it can be asked to fail at the k-th request, in every way that a network or a
// store can. It does what S3 and versitygw do in the part of the protocol that
// the deploy engine uses; one contract suite is run against all of them
// (internal/deploy/storetest).
package fakes3

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/xml"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"testing/iotest"
	"time"

	"github.com/minio/crc64nvme"
)

// Object is what a key holds.
type Object struct {
	Body     []byte
	Header   http.Header // those kept with the object
	ETag     string
	CRC      uint64
	Modified time.Time
	Version  string // empty where the server keeps no versions
}

// Server is one bucket store. Its zero value is ready; set the hooks before use.
type Server struct {
	// Now is the server's clock; default time.Now.
	Now func() time.Time
	// Before is called for every request before it is carried out. A non-nil
	// Fault says what goes wrong with it. Requests come side by side: what it keeps
	// must be guarded.
	Before func(r *http.Request) *Fault
	// Unconditional ignores If-Match and If-None-Match, as old stores do.
	Unconditional bool
	// Lacks is what else the store does not do.
	Lacks Lacks
	// Versioned keeps what is overwritten or deleted, as a bucket with versioning
	// does.
	Versioned bool
	// PageSize is how many keys a listing gives at once; default 100, so that tests
	// with few objects see several pages.
	PageSize int
	// CopyLimit is the largest object that one request copies, in bytes; default 5 GB.
	CopyLimit int64
	// Changed is called after every change, with the bucket still locked.
	Changed func(bucket map[string]Object, key string)

	mu      sync.Mutex
	buckets map[string]map[string]Object
	past    map[string]Object  // every version, by bucket, key and id
	count   int                // of versions
	uploads map[string]*upload // those in parts that are neither complete nor aborted
	started int                // of these
	// Resent counts bytes of bodies written over the very same content.
	resent int64
}

// Fault is how a request fails.
type Fault struct {
	// Drop: no answer comes. With Done the request was carried out all the same.
	Drop bool
	Done bool
	// Half carries the request out, and half of the answer's body arrives.
	Half bool
	// Status and Code answer with an error without carrying anything out.
	Status int
	Code   string
}

// Bucket makes a bucket, or replaces it, with these objects.
func (s *Server) Bucket(name string, objects map[string]Object) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.buckets == nil {
		s.buckets = map[string]map[string]Object{}
	}
	s.buckets[name] = maps.Clone(objects)
	if s.buckets[name] == nil {
		s.buckets[name] = map[string]Object{}
	}
}

// Objects is a copy of what a bucket holds.
func (s *Server) Objects(bucket string) map[string]Object {
	s.mu.Lock()
	defer s.mu.Unlock()
	return maps.Clone(s.buckets[bucket])
}

// Resent is how many bytes were written over the very same content.
func (s *Server) Resent() int64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.resent
}

// Do carries a request out without a network, so that tests may run in a
// testing/synctest bubble.
func (s *Server) Do(r *http.Request) (*http.Response, error) {
	if err := r.Context().Err(); err != nil {
		return nil, err
	}
	if r.Body == nil {
		r.Body = http.NoBody
	}
	defer r.Body.Close()
	fault := s.fault(r)
	if err := r.Context().Err(); err != nil {
		return nil, err
	}
	if fault != nil && fault.Drop && !fault.Done {
		return nil, &url.Error{Op: r.Method, URL: r.URL.Path, Err: io.ErrUnexpectedEOF}
	}
	w := httptest.NewRecorder()
	s.answer(w, r, fault)
	if fault != nil && fault.Drop {
		return nil, &url.Error{Op: r.Method, URL: r.URL.Path, Err: io.ErrUnexpectedEOF}
	}
	response := w.Result()
	response.Request = r
	response.ContentLength = int64(w.Body.Len())
	if r.Method == http.MethodHead {
		response.ContentLength = -1
		if n, err := strconv.ParseInt(response.Header.Get("Content-Length"), 10, 64); err == nil {
			response.ContentLength = n
		}
	}
	if fault != nil && fault.Half {
		BreakOff(response, w.Body.Bytes())
	}
	return response, nil
}

// BreakOff lets half of an answer's body arrive.
func BreakOff(response *http.Response, body []byte) {
	if len(body) > 0 {
		response.Body = io.NopCloser(io.MultiReader(bytes.NewReader(body[:len(body)/2]), iotest.ErrReader(io.ErrUnexpectedEOF)))
	}
}

// ServeHTTP serves the same over a network.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	fault := s.fault(r)
	if fault != nil && fault.Drop && !fault.Done {
		panic(http.ErrAbortHandler)
	}
	if fault != nil && fault.Drop {
		s.answer(httptest.NewRecorder(), r, fault)
		panic(http.ErrAbortHandler)
	}
	if fault != nil && fault.Half {
		whole := httptest.NewRecorder()
		s.answer(whole, r, fault)
		maps.Copy(w.Header(), whole.Header())
		w.Header().Set("Content-Length", strconv.Itoa(whole.Body.Len()))
		w.WriteHeader(whole.Code)
		if n := whole.Body.Len(); n > 0 {
			_, _ = w.Write(whole.Body.Bytes()[:n/2])
			_ = http.NewResponseController(w).Flush()
			panic(http.ErrAbortHandler)
		}
		return
	}
	s.answer(w, r, fault)
}

func (s *Server) fault(r *http.Request) *Fault {
	if s.Before == nil {
		return nil
	}
	return s.Before(r)
}

func (s *Server) now() time.Time {
	if s.Now == nil {
		return time.Now()
	}
	return s.Now()
}

func (s *Server) answer(w http.ResponseWriter, r *http.Request, fault *Fault) {
	w.Header().Set("Date", s.now().UTC().Format(http.TimeFormat))
	if fault != nil && fault.Status != 0 {
		fail(w, r, fault.Status, fault.Code)
		return
	}
	body, err := io.ReadAll(r.Body)
	if err != nil {
		fail(w, r, http.StatusBadRequest, "IncompleteBody")
		return
	}
	bucket, key, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, "/"), "/")
	s.mu.Lock()
	defer s.mu.Unlock()
	objects, ok := s.buckets[bucket]
	if !ok {
		fail(w, r, http.StatusNotFound, "NoSuchBucket")
		return
	}
	r = r.Clone(r.Context())
	if !s.Lacks.from(r, bucket, objects) {
		fail(w, r, http.StatusNotImplemented, "NotImplemented")
		return
	}
	b := &handler{server: s, bucket: bucket, objects: objects, key: key, w: w, r: r, body: body}
	if code := b.inTheWay(); code != "" {
		fail(w, r, http.StatusConflict, code)
		return
	}
	switch {
	case key == "" && r.Method == http.MethodPost && r.URL.Query().Has("delete"):
		b.deleteMany()
	case key == "" && r.Method == http.MethodGet && r.URL.Query().Has("versioning"):
		b.versioning()
	case key == "" && r.Method == http.MethodGet:
		b.list()
	case r.URL.Query().Has("uploads") || r.URL.Query().Has("uploadId"):
		b.inParts()
	case r.Method == http.MethodGet && r.URL.Query().Has("tagging"):
		b.tagging()
	case r.Method == http.MethodGet || r.Method == http.MethodHead:
		b.get()
	case r.Method == http.MethodDelete:
		b.deleteOne()
	case r.Method == http.MethodPut && r.Header.Get("X-Amz-Copy-Source") != "":
		b.copy()
	case r.Method == http.MethodPut:
		b.put()
	default:
		fail(w, r, http.StatusNotImplemented, "NotImplemented")
	}
}

type handler struct {
	server  *Server
	bucket  string
	objects map[string]Object
	key     string
	w       http.ResponseWriter
	r       *http.Request
	body    []byte
}

func (b *handler) get() {
	o, ok := b.find(b.r.URL.Query().Get("versionId"))
	if !ok {
		b.markDeleted()
		fail(b.w, b.r, http.StatusNotFound, "NoSuchKey")
		return
	}
	if want := b.r.Header.Get("If-Match"); want != "" && want != o.ETag {
		fail(b.w, b.r, http.StatusPreconditionFailed, "PreconditionFailed")
		return
	}
	h := b.w.Header()
	setVersion(h, o)
	maps.Copy(h, o.Header)
	h.Set("ETag", o.ETag)
	h.Set("Last-Modified", o.Modified.UTC().Format(http.TimeFormat))
	h.Set("Content-Length", strconv.Itoa(len(o.Body)))
	if tags := o.tags(); len(tags) > 0 {
		h.Del("X-Amz-Tagging")
		h.Set("X-Amz-Tagging-Count", strconv.Itoa(len(tags)))
	}
	if b.r.Header.Get("X-Amz-Checksum-Mode") == "ENABLED" {
		h.Set("X-Amz-Checksum-Crc64nvme", encodeCRC(o.CRC))
	}
	if b.r.Method == http.MethodGet {
		_, _ = b.w.Write(o.Body)
	}
}

func (b *handler) put() {
	if code := b.conditions(b.r.Header.Get("If-Match"), b.r.Header.Get("If-None-Match")); code != "" {
		fail(b.w, b.r, statusOf(code), code)
		return
	}
	crc := crc64nvme.Checksum(b.body)
	if want := b.r.Header.Get("X-Amz-Checksum-Crc64nvme"); want != "" && want != encodeCRC(crc) {
		fail(b.w, b.r, http.StatusBadRequest, "BadDigest")
		return
	}
	sum := sha256.Sum256(b.body)
	if want := b.r.Header.Get("X-Amz-Content-Sha256"); len(want) == 64 && want != hex.EncodeToString(sum[:]) {
		fail(b.w, b.r, http.StatusBadRequest, "XAmzContentSHA256Mismatch")
		return
	}
	if old, ok := b.objects[b.key]; ok && bytes.Equal(old.Body, b.body) {
		b.server.resent += int64(len(b.body))
	}
	o := b.store(b.body, crc, kept(b.r.Header))
	b.w.Header().Set("ETag", o.ETag)
	setVersion(b.w.Header(), o)
}

func (b *handler) store(body []byte, crc uint64, header http.Header) Object {
	return b.storeAs(tagOf(body), body, crc, header)
}

func (b *handler) storeAs(etag string, body []byte, crc uint64, header http.Header) Object {
	o := Object{Body: body, Header: header, ETag: etag, CRC: crc, Modified: b.server.now()}
	b.remember(&o)
	b.objects[b.key] = o
	b.changed(b.key)
	return o
}

func (b *handler) changed(key string) {
	if b.server.Changed != nil {
		b.server.Changed(b.objects, key)
	}
}

// conditions gives the error of a conditional write, as S3 documents it.
func (b *handler) conditions(ifMatch, ifNoneMatch string) string {
	o, exists := b.objects[b.key]
	switch {
	case b.server.Unconditional:
	case ifNoneMatch == "*" && exists:
		return "PreconditionFailed"
	case ifMatch != "" && !exists:
		return "NoSuchKey"
	case ifMatch != "" && ifMatch != o.ETag:
		return "PreconditionFailed"
	}
	return ""
}

func (b *handler) deleteOne() {
	o, ok := b.objects[b.key]
	if want := b.r.Header.Get("If-Match"); ok && want != "" && want != o.ETag {
		fail(b.w, b.r, http.StatusPreconditionFailed, "PreconditionFailed")
		return
	}
	if ok {
		delete(b.objects, b.key)
		b.changed(b.key)
	}
	b.w.WriteHeader(http.StatusNoContent)
}

type deleteRequest struct {
	Objects []struct {
		Key  string
		ETag string
	} `xml:"Object"`
}

func (b *handler) deleteMany() {
	var in deleteRequest
	if err := xml.Unmarshal(b.body, &in); err != nil {
		fail(b.w, b.r, http.StatusBadRequest, "MalformedXML")
		return
	}
	_, _ = io.WriteString(b.w, "<DeleteResult>")
	for _, d := range in.Objects {
		o, ok := b.objects[d.Key]
		if ok && d.ETag != "" && d.ETag != o.ETag {
			_, _ = io.WriteString(b.w, "<Error><Key>"+escape(d.Key)+"</Key><Code>PreconditionFailed</Code></Error>")
			continue
		}
		if ok {
			delete(b.objects, d.Key)
			b.changed(d.Key)
		}
	}
	_, _ = io.WriteString(b.w, "</DeleteResult>")
}
