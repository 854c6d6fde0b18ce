package s3

import (
	"errors"
	"fmt"
	"io"
	"net/http"

	"github.com/aws/aws-sdk-go-v2/aws"

	"github.com/pressrun/pressrun/internal/deploy/store"
)

// maxAnswer is the size of the largest answer that is no object, in bytes: four times a page
// of 1,000 encoded keys of the greatest length.
const maxAnswer = 16 << 20

var errLongAnswer = errors.New("the answer is longer than any of S3's")

// boundedClient bounds answers: the SDK reads them into memory.
type boundedClient struct{ aws.HTTPClient }

// Do sends a request.
func (c boundedClient) Do(r *http.Request) (*http.Response, error) {
	response, err := c.HTTPClient.Do(r)
	if err != nil || response.Body == nil {
		return response, err
	}
	object := r.Method == http.MethodGet && !r.URL.Query().Has("list-type") && response.StatusCode < http.StatusMultipleChoices
	if !object { // the readers of objects have bounds of their own
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

// written is the answer to a write. A store without ETags can't be used: later writes depend
// on them.
func (s *Store) written(key string, etag, version *string) (store.Written, error) {
	if aws.ToString(etag) == "" {
		return store.Written{}, fmt.Errorf("write %s: the server at %s is not an S3 store, or not a reliable one: it answered without an ETag", s.name(key), s.endpoint)
	}
	return store.Written{ETag: *etag, Version: aws.ToString(version)}, nil
}

// pageLoop detects a listing that repeats its pages, by remembering one of them (R. P. Brent,
// "An improved Monte Carlo factorization algorithm", 1980, section 2).
type pageLoop struct {
	seen        string // the first key of an earlier page
	pages, next int
	empty       int // pages in a row
}

// maxEmpty is the most pages without a key in a row: S3 skips deleted keys in buckets with
// versions.
const maxEmpty = 1000

func (p *pageLoop) page(infos []store.Info) bool {
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
