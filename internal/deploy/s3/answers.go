package s3

import (
	"errors"
	"fmt"
	"io"
	"net/http"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/pressrun/pressrun/internal/deploy/store"
)

// maxAnswer bounds an answer that is no object, in bytes: a page of 1,000 keys of the
// greatest length, encoded, is a quarter of it.
const maxAnswer = 16 << 20

var errLongAnswer = errors.New("the answer is longer than any of S3's")

// boundedClient ends answers that never would: the SDK reads them whole.
type boundedClient struct{ aws.HTTPClient }

// Do sends a request.
func (c boundedClient) Do(r *http.Request) (*http.Response, error) {
	response, err := c.HTTPClient.Do(r)
	if err != nil || response.Body == nil {
		return response, err
	}
	object := r.Method == http.MethodGet && !r.URL.Query().Has("list-type") && response.StatusCode < http.StatusMultipleChoices
	if !object { // what reads an object bounds it itself
		response.Body = &boundedBody{response.Body, maxAnswer}
	}
	return response, nil
}

type boundedBody struct {
	io.ReadCloser
	left int
}

func (b *boundedBody) Read(p []byte) (int, error) {
	if b.left <= 0 {
		return 0, errLongAnswer
	}
	n, err := b.ReadCloser.Read(p[:min(len(p), b.left)])
	b.left -= n
	return n, err
}

// written is what a store said of a write. Without an ETag no later write could tell
// this object from another's.
func (s *Store) written(key string, etag, version *string) (store.Written, error) {
	if aws.ToString(etag) == "" {
		return store.Written{}, fmt.Errorf("write %s: what answers at %s is no S3 store, or none that can be relied on: it gave no ETag", s.name(key), s.endpoint)
	}
	return store.Written{ETag: *etag, Version: aws.ToString(version)}, nil
}

// progress makes sure that a listing goes on: it finds a page that comes again, in
// however large a circle, and remembers one (R. P. Brent, "An improved Monte Carlo
// factorization algorithm", 1980, section 2).
type progress struct {
	seen        string // the first key of a page before
	pages, next int
	empty       int // pages in a row
}

// maxEmpty is how many pages without a key may come in a row: S3 passes over keys
// that were deleted in buckets with versions.
const maxEmpty = 1000

func (p *progress) page(infos []store.Info) bool {
	if len(infos) == 0 {
		p.empty++
		return p.empty < maxEmpty
	}
	p.empty = 0
	if infos[0].Key == p.seen {
		return false
	}
	if p.pages++; p.pages > p.next {
		p.seen, p.next = infos[0].Key, 2*p.pages
	}
	return true
}
