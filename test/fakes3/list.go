package fakes3

import (
	"fmt"
	"io"
	"maps"
	"net/url"
	"slices"
	"strings"
	"time"
)

func (b *handler) list() {
	q := b.r.URL.Query()
	after := max(q.Get("start-after"), q.Get("continuation-token"))
	var keys []string
	for _, k := range slices.Sorted(maps.Keys(b.objects)) {
		if strings.HasPrefix(k, q.Get("prefix")) && k > after {
			keys = append(keys, k)
		}
	}
	pageSize := b.server.PageSize
	if pageSize == 0 {
		pageSize = 100
	}
	more := len(keys) > pageSize
	if more {
		keys = keys[:pageSize]
	}
	if b.server.Lacks.StartAfter {
		if left := skip(keys, q.Get("start-after")); len(left) < len(keys) {
			keys, more = left, false
		}
	}
	_, _ = fmt.Fprintf(b.w, "<ListBucketResult><IsTruncated>%v</IsTruncated>", more)
	name := escape
	if q.Get("encoding-type") == "url" {
		_, _ = io.WriteString(b.w, "<EncodingType>url</EncodingType>")
		name = url.QueryEscape
	}
	if more {
		_, _ = io.WriteString(b.w, "<NextContinuationToken>"+escape(keys[len(keys)-1])+"</NextContinuationToken>")
	}
	for _, k := range keys {
		o := b.objects[k]
		_, _ = fmt.Fprintf(b.w, "<Contents><Key>%s</Key><Size>%d</Size><ETag>%s</ETag><LastModified>%s</LastModified></Contents>",
			name(k), len(o.Body), escape(o.ETag), o.Modified.UTC().Format(time.RFC3339))
	}
	_, _ = io.WriteString(b.w, "</ListBucketResult>")
}

// skipped is how many keys MinIO was seen to leave out at once.
const skipped = 8

// skip leaves out the keys just behind the folder that a page starts in.
func skip(page []string, after string) []string {
	slash := strings.LastIndex(after, "/")
	if slash < 0 {
		return page
	}
	folder := after[:slash+1]
	from := slices.IndexFunc(page, func(k string) bool { return !strings.HasPrefix(k, folder) })
	if from < 0 {
		return page
	}
	return slices.Delete(page, from, min(len(page), from+skipped))
}
