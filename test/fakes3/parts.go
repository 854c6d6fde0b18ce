package fakes3

import (
	"crypto/md5"
	"encoding/hex"
	"encoding/xml"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/minio/crc64nvme"
)

// upload is an object on its way in parts.
type upload struct {
	bucket, key string
	header      http.Header
	parts       map[int][]byte
}

// Unfinished is how many uploads in parts are neither complete nor aborted.
func (s *Server) Unfinished() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.uploads)
}

// inParts carries out a request of an upload in parts.
func (b *handler) inParts() {
	q := b.r.URL.Query()
	if q.Has("uploads") {
		b.startParts()
		return
	}
	u, ok := b.server.uploads[q.Get("uploadId")]
	switch {
	case !ok || u.bucket != b.bucket || u.key != b.key:
		fail(b.w, b.r, http.StatusNotFound, "NoSuchUpload")
	case b.r.Method == http.MethodPut:
		b.part(u)
	case b.r.Method == http.MethodPost:
		b.complete(u)
	case b.r.Method == http.MethodDelete:
		delete(b.server.uploads, q.Get("uploadId"))
		b.w.WriteHeader(http.StatusNoContent)
	default:
		fail(b.w, b.r, http.StatusNotImplemented, "NotImplemented")
	}
}

func (b *handler) startParts() {
	s := b.server
	if s.uploads == nil {
		s.uploads = map[string]*upload{}
	}
	s.started++
	id := fmt.Sprintf("upload-%08d", s.started)
	s.uploads[id] = &upload{bucket: b.bucket, key: b.key, header: kept(b.r.Header), parts: map[int][]byte{}}
	_, _ = fmt.Fprintf(b.w, "<InitiateMultipartUploadResult><UploadId>%s</UploadId></InitiateMultipartUploadResult>", id)
}

// part takes a part from the request, or from another object.
func (b *handler) part(u *upload) {
	n, err := strconv.Atoi(b.r.URL.Query().Get("partNumber"))
	if err != nil || n < 1 || n > 10000 {
		fail(b.w, b.r, http.StatusBadRequest, "InvalidArgument")
		return
	}
	if b.r.Header.Get("X-Amz-Copy-Source") == "" {
		if want := b.r.Header.Get("X-Amz-Checksum-Crc64nvme"); want != "" && want != encodeCRC(crc64nvme.Checksum(b.body)) {
			fail(b.w, b.r, http.StatusBadRequest, "BadDigest")
			return
		}
		u.parts[n] = b.body
		b.w.Header().Set("ETag", tagOf(b.body))
		return
	}
	from, ok := b.copied()
	if !ok {
		fail(b.w, b.r, http.StatusNotFound, "NoSuchKey")
		return
	}
	if want := b.r.Header.Get("X-Amz-Copy-Source-If-Match"); want != "" && want != from.ETag {
		fail(b.w, b.r, http.StatusPreconditionFailed, "PreconditionFailed")
		return
	}
	first, last := 0, 0
	if n, err := fmt.Sscanf(b.r.Header.Get("X-Amz-Copy-Source-Range"), "bytes=%d-%d", &first, &last); n != 2 || err != nil || first > last || last >= len(from.Body) {
		fail(b.w, b.r, http.StatusBadRequest, "InvalidArgument")
		return
	}
	u.parts[n] = from.Body[first : last+1]
	_, _ = fmt.Fprintf(b.w, "<CopyPartResult><ETag>%s</ETag><ChecksumCRC64NVME>%s</ChecksumCRC64NVME></CopyPartResult>",
		escape(tagOf(u.parts[n])), encodeCRC(crc64nvme.Checksum(u.parts[n])))
}

type completeRequest struct {
	Parts []struct {
		PartNumber int
		ETag       string
	} `xml:"Part"`
}

func (b *handler) complete(u *upload) {
	var in completeRequest
	if err := xml.Unmarshal(b.body, &in); err != nil || len(in.Parts) == 0 {
		fail(b.w, b.r, http.StatusBadRequest, "MalformedXML")
		return
	}
	var body []byte
	tags := md5.New()
	for i, p := range in.Parts {
		part, ok := u.parts[p.PartNumber]
		if !ok || p.PartNumber != i+1 || p.ETag != tagOf(part) {
			fail(b.w, b.r, http.StatusBadRequest, "InvalidPart")
			return
		}
		body = append(body, part...)
		sum := md5.Sum(part)
		_, _ = tags.Write(sum[:])
	}
	crc := crc64nvme.Checksum(body)
	h := b.r.Header
	if want := h.Get("X-Amz-Checksum-Crc64nvme"); want != "" && want != encodeCRC(crc) {
		fail(b.w, b.r, http.StatusBadRequest, "BadDigest")
		return
	}
	if want := h.Get("X-Amz-Mp-Object-Size"); want != "" && want != strconv.Itoa(len(body)) {
		fail(b.w, b.r, http.StatusBadRequest, "InvalidRequest")
		return
	}
	if code := b.conditions(h.Get("If-Match"), h.Get("If-None-Match")); code != "" {
		fail(b.w, b.r, statusOf(code), code)
		return
	}
	o := b.storeAs(fmt.Sprintf("%q", hex.EncodeToString(tags.Sum(nil))+"-"+strconv.Itoa(len(in.Parts))), body, crc, u.header)
	delete(b.server.uploads, b.r.URL.Query().Get("uploadId"))
	setVersion(b.w.Header(), o)
	_, _ = fmt.Fprintf(b.w, "<CompleteMultipartUploadResult><ETag>%s</ETag></CompleteMultipartUploadResult>", escape(o.ETag))
}

func tagOf(body []byte) string {
	sum := md5.Sum(body)
	return `"` + hex.EncodeToString(sum[:]) + `"`
}

// tags are an object's own.
func (o Object) tags() url.Values {
	values, _ := url.ParseQuery(o.Header.Get("X-Amz-Tagging")) // what was taken is well-formed
	return values
}

// tagging tells an object's tags.
func (b *handler) tagging() {
	o, ok := b.find(b.r.URL.Query().Get("versionId"))
	if !ok {
		fail(b.w, b.r, http.StatusNotFound, "NoSuchKey")
		return
	}
	var set strings.Builder
	tags := o.tags()
	for _, name := range slices.Sorted(maps.Keys(tags)) {
		set.WriteString("<Tag><Key>" + escape(name) + "</Key><Value>" + escape(tags.Get(name)) + "</Value></Tag>")
	}
	_, _ = io.WriteString(b.w, "<Tagging><TagSet>"+set.String()+"</TagSet></Tagging>")
}
