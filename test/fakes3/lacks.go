package fakes3

import (
	"net/http"
	"net/url"
	"strings"
)

// Lacks is what a store that only resembles S3 does not do.
type Lacks struct {
	Checksums       bool // takes what differs from its checksum, and tells none (moto, s3rver)
	WebsiteRedirect bool // drops x-amz-website-redirect-location (MinIO)
	Metadata        bool // drops x-amz-meta-*
	Copy            bool // does not know copies
	CopyHeaders     bool // copies, and keeps the old headers
	DeleteIfMatch   bool // deletes whatever is there (MinIO)
	// StartAfter: a page that starts after a key in a folder lacks the keys just behind
	// that folder, and says that there are no more (MinIO).
	StartAfter bool
	// NestedKeys: a key can't be another's folder (versitygw on a file system).
	NestedKeys bool
}

// from takes out of a request what the store reads past. It is false for a
// request that the store does not know at all.
func (l Lacks) from(r *http.Request, bucket string, objects map[string]Object) bool {
	h := r.Header
	if l.Checksums {
		h.Del("X-Amz-Checksum-Crc64nvme")
		h.Del("X-Amz-Checksum-Mode")
	}
	if l.DeleteIfMatch && r.Method == http.MethodDelete {
		h.Del("If-Match")
	}
	source, err := url.PathUnescape(h.Get("X-Amz-Copy-Source"))
	if source != "" && (l.Copy || err != nil) {
		return false
	}
	if source != "" && l.CopyHeaders {
		for name := range kept(h) {
			h.Del(name)
		}
		for name, values := range objects[strings.TrimPrefix(strings.TrimPrefix(source, "/"), bucket+"/")].Header {
			h[name] = values
		}
	}
	if l.WebsiteRedirect {
		h.Del("X-Amz-Website-Redirect-Location")
	}
	if l.Metadata {
		for name := range h {
			if strings.HasPrefix(name, "X-Amz-Meta-") {
				h.Del(name)
			}
		}
	}
	return true
}

// kept are the headers that are kept with an object.
func kept(in http.Header) http.Header {
	out := http.Header{}
	for name, values := range in {
		switch name {
		case "Content-Type", "Cache-Control", "Content-Encoding", "Content-Disposition", "Content-Language", "X-Amz-Website-Redirect-Location", "X-Amz-Tagging":
			out[name] = values
		default:
			if strings.HasPrefix(name, "X-Amz-Meta-") {
				out[name] = values
			}
		}
	}
	return out
}
