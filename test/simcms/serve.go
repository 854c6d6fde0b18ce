package simcms

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
)

// RoundTrip answers a request, as http.RoundTripper has it.
func (c *CMS) RoundTrip(r *http.Request) (*http.Response, error) {
	if c.o.Latency > 0 {
		select {
		case <-time.After(c.o.Latency):
		case <-r.Context().Done():
			return nil, r.Context().Err()
		}
	}
	if err := r.Context().Err(); err != nil {
		return nil, err
	}
	status, header, body := c.answer(r)
	header.Set("Date", c.now().UTC().Format(http.TimeFormat))
	resp := &http.Response{StatusCode: status, Header: header, Request: r, ProtoMajor: 1, ProtoMinor: 1, ContentLength: int64(len(body)), Body: io.NopCloser(bytes.NewReader(body))}
	if header.Get("X-Cut") != "" {
		resp.Body = io.NopCloser(io.MultiReader(bytes.NewReader(body[:len(body)/2]), broken{}))
	}
	return resp, nil
}

type broken struct{}

func (broken) Read([]byte) (int, error) { return 0, io.ErrUnexpectedEOF }

// ServeHTTP answers a request over a network.
func (c *CMS) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if c.o.Latency > 0 {
		time.Sleep(c.o.Latency)
	}
	status, header, body := c.answer(r)
	for name, values := range header {
		w.Header()[name] = values
	}
	w.Header().Set("Date", c.now().UTC().Format(http.TimeFormat))
	w.WriteHeader(status)
	_, _ = w.Write(body)
}

func (c *CMS) answer(r *http.Request) (int, http.Header, []byte) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.requests++
	for c.o.Saves > 0 && c.random.Float64() < c.o.Saves/(1+c.o.Saves) {
		c.edit()
	}
	c.settle()
	status, header, body := c.list(r)
	if r.URL.Path != "/" && c.random.Float64() < c.o.Errors {
		status, header, body = c.fault(header, body)
	}
	if c.failing != nil && c.failing(c.requests) {
		return http.StatusNotImplemented, http.Header{}, nil
	}
	c.bytes += int64(len(body))
	return status, header, body
}

// fault is one of the ways in which answers are bad.
func (c *CMS) fault(header http.Header, body []byte) (int, http.Header, []byte) {
	switch c.random.IntN(6) {
	case 0:
		return http.StatusInternalServerError, http.Header{}, []byte(`{"message": "oops"}`)
	case 1:
		return http.StatusServiceUnavailable, http.Header{"Retry-After": {"3"}}, nil
	case 2:
		return http.StatusTooManyRequests, http.Header{}, nil
	case 3:
		return http.StatusOK, http.Header{"Content-Type": {"text/html"}}, []byte("<html>We are back soon")
	case 4:
		return http.StatusOK, header, body[:len(body)/2]
	}
	header.Set("X-Cut", "1")
	return http.StatusOK, header, body
}

// list answers with a page of a list, in the order of ids.
func (c *CMS) list(r *http.Request) (int, http.Header, []byte) {
	name, query := strings.TrimPrefix(r.URL.Path, "/"), r.URL.Query()
	header := http.Header{"Content-Type": {"application/json"}}
	if !slices.Contains(Types, name) {
		return http.StatusOK, header, []byte(`{}`)
	}
	found := c.found(name, query.Get("since"), query.Get("ids"))
	total := len(found)
	size, err := strconv.Atoi(query.Get("size"))
	if err != nil || size < 1 || size > c.o.Page {
		size = c.o.Page
	}
	if query.Get("ids") == "" {
		page, err := strconv.Atoi(query.Get("page"))
		if err != nil || page < 1 {
			page = 1
		}
		if page > 1 && (page-1)*size >= total {
			return http.StatusBadRequest, header, []byte(`{"message": "there is no such page"}`)
		}
		found = found[min((page-1)*size, total):min(page*size, total)]
		if c.random.Float64() < c.o.Truncated {
			found = found[:c.random.IntN(len(found)+1)]
		}
	}
	header.Set("X-Total", strconv.Itoa(total))
	header.Set("X-Pages", strconv.Itoa((total+size-1)/size))
	var items []string
	for _, one := range found {
		if query.Get("fields") != "" {
			items = append(items, fmt.Sprintf(`{"id":%d,"modified":%q}`, one.ID, one.Stamp))
			continue
		}
		items = append(items, string(one.Raw()))
	}
	return http.StatusOK, header, []byte("[" + strings.Join(items, ",") + "]")
}

// found are records in the order of their ids.
func (c *CMS) found(name, since, ids string) (found []Record) {
	if ids != "" {
		for _, id := range strings.Split(ids, ",") {
			if r, ok := c.seen[name+"/"+id]; ok {
				found = append(found, r)
			}
		}
		return found
	}
	if c.sorted == nil {
		c.sorted = map[string][]Record{}
		for _, r := range c.seen {
			c.sorted[r.Type] = append(c.sorted[r.Type], r)
		}
		for _, all := range c.sorted {
			slices.SortFunc(all, func(a, b Record) int { return a.ID - b.ID })
		}
	}
	if since == "" {
		return c.sorted[name]
	}
	for _, r := range c.sorted[name] {
		if r.Stamp >= since {
			found = append(found, r)
		}
	}
	return found
}

// Copy is a copy of the CMS that is held to it.
type Copy struct {
	// Watermark is the copy's, Until the instant at which it was complete.
	Watermark, Until time.Time
	// Whole says that it is to be the state of one instant.
	Whole   bool
	Records map[string][]byte // by type/id
}

// Difference is what is wrong with a copy.
type Difference struct {
	// Wrong are records that no state since the watermark had so; Undeleted those that
	// were gone before the watermark.
	Wrong, Undeleted []string
	// Torn says that no single state since the watermark was the copy.
	Torn bool
}

// Compare holds a copy to what the CMS showed from its watermark on.
func (c *CMS) Compare(copied Copy) (d Difference) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.settle()
	var digest Digest
	for k, raw := range copied.Records {
		digest.Add(k, raw)
		if at, gone := c.deleted[k]; gone && at.Before(copied.Watermark) {
			d.Undeleted = append(d.Undeleted, k)
		}
	}
	for k := range c.history {
		if !c.was(k, copied) {
			d.Wrong = append(d.Wrong, k)
		}
	}
	for k := range copied.Records {
		if _, known := c.history[k]; !known {
			d.Wrong = append(d.Wrong, k)
		}
	}
	d.Torn = copied.Whole && !c.stood(digest, copied)
	return d
}

// was says whether a record was as in the copy at some instant since the watermark.
func (c *CMS) was(k string, copied Copy) bool {
	raw, has := copied.Records[k]
	versions := c.history[k]
	if !has && (len(versions) == 0 || versions[0].From.After(copied.Watermark)) {
		return true // it was not there yet
	}
	for i, v := range versions {
		ended := i+1 < len(versions) && versions[i+1].From.Before(copied.Watermark)
		if !ended && !v.From.After(copied.Until) && has == (v.Raw != nil) && bytes.Equal(v.Raw, raw) {
			return true
		}
	}
	return false
}

func (c *CMS) stood(digest Digest, copied Copy) bool {
	for i, s := range c.states {
		ended := i+1 < len(c.states) && c.states[i+1].From.Before(copied.Watermark)
		if !ended && !s.From.After(copied.Until) && s.Digest == digest {
			return true
		}
	}
	return false
}

// Forget forgets what the CMS was before an instant, so that long drills stay quick.
func (c *CMS) Forget(before time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for len(c.states) > 1 && c.states[1].From.Before(before) {
		c.states = c.states[1:]
	}
	for k, versions := range c.history {
		for len(versions) > 1 && versions[1].From.Before(before) {
			versions = versions[1:]
		}
		if c.history[k] = versions; len(versions) == 1 && versions[0].Raw == nil && versions[0].From.Before(before) {
			delete(c.history, k)
		}
	}
}
