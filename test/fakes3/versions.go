package fakes3

import (
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// Expire forgets every version of a bucket's objects but the ones they hold now,
// as a lifecycle rule does.
func (s *Server) Expire(bucket string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for id := range s.past {
		if strings.HasPrefix(id, bucket+"\x00") {
			delete(s.past, id)
		}
	}
	for key, o := range s.buckets[bucket] {
		s.past[pastID(bucket, key, o.Version)] = o
	}
}

func pastID(bucket, key, version string) string { return bucket + "\x00" + key + "\x00" + version }

func (b *handler) versioning() {
	status := ""
	if b.server.Versioned {
		status = "<Status>Enabled</Status>"
	}
	_, _ = io.WriteString(b.w, "<VersioningConfiguration>"+status+"</VersioningConfiguration>")
}

// remember gives a new object its version.
func (b *handler) remember(o *Object) {
	if !b.server.Versioned {
		return
	}
	if b.server.past == nil {
		b.server.past = map[string]Object{}
	}
	b.server.count++
	o.Version = fmt.Sprintf("version-%08d", b.server.count)
	b.server.past[pastID(b.bucket, b.key, o.Version)] = *o
}

// find gives a version of the key, or what it holds now.
func (b *handler) find(version string) (Object, bool) {
	if version == "" {
		o, ok := b.objects[b.key]
		return o, ok
	}
	o, ok := b.server.past[pastID(b.bucket, b.key, version)]
	return o, ok
}

// markDeleted says of a key that holds nothing when it held something once.
func (b *handler) markDeleted() {
	if b.r.URL.Query().Has("versionId") {
		return
	}
	for id := range b.server.past {
		if strings.HasPrefix(id, pastID(b.bucket, b.key, "")) {
			b.w.Header().Set("X-Amz-Delete-Marker", "true")
			return
		}
	}
}

func setVersion(h http.Header, o Object) {
	if o.Version != "" {
		h.Set("X-Amz-Version-Id", o.Version)
	}
}

// copied is what the request's source names: in any bucket, at any version.
func (b *handler) copied() (Object, bool) {
	name, query, _ := strings.Cut(b.r.Header.Get("X-Amz-Copy-Source"), "?")
	source, err := url.PathUnescape(name)
	values, queryErr := url.ParseQuery(query)
	if err != nil || queryErr != nil {
		return Object{}, false
	}
	bucket, key, _ := strings.Cut(strings.TrimPrefix(source, "/"), "/")
	from := &handler{server: b.server, bucket: bucket, key: key, objects: b.server.buckets[bucket]}
	return from.find(values.Get("versionId"))
}

func (b *handler) copy() {
	from, ok := b.copied()
	if !ok {
		fail(b.w, b.r, http.StatusNotFound, "NoSuchKey")
		return
	}
	limit := b.server.CopyLimit
	if limit == 0 {
		limit = 5 << 30
	}
	if int64(len(from.Body)) > limit {
		failWith(b.w, http.StatusBadRequest, "InvalidRequest", "The specified copy source is larger than the maximum allowable size for a copy source: "+strconv.FormatInt(limit, 10))
		return
	}
	if want := b.r.Header.Get("X-Amz-Copy-Source-If-Match"); want != "" && want != from.ETag {
		fail(b.w, b.r, http.StatusPreconditionFailed, "PreconditionFailed")
		return
	}
	if code := b.conditions(b.r.Header.Get("If-Match"), b.r.Header.Get("If-None-Match")); code != "" {
		fail(b.w, b.r, statusOf(code), code)
		return
	}
	header := kept(b.r.Header)
	if tags := from.Header.Get("X-Amz-Tagging"); tags != "" && b.r.Header.Get("X-Amz-Tagging-Directive") != "REPLACE" {
		header.Set("X-Amz-Tagging", tags)
	}
	o := b.store(from.Body, from.CRC, header)
	setVersion(b.w.Header(), o)
	_, _ = fmt.Fprintf(b.w, "<CopyObjectResult><ETag>%s</ETag><LastModified>%s</LastModified></CopyObjectResult>",
		o.ETag, o.Modified.UTC().Format(time.RFC3339))
}
