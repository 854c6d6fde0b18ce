package content

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// maxListing bounds the answer that Fetch reads, in bytes.
const maxListing = 32 << 20

// fetchTimeout bounds one whole exchange. A CMS that takes longer is down for
// a build's purposes: better a failed release than a hung one.
const fetchTimeout = 20 * time.Second

// ErrIncomplete says that the CMS's answer lacks something that a site needs.
// A frontend that meets it must not write a site.
var ErrIncomplete = errors.New("the CMS's content is incomplete")

// Fetch reads every published article from the CMS at cmsURL, and checks that
// nothing is missing. It makes one GET and does not retry: the release does.
func Fetch(ctx context.Context, cmsURL string) (Listing, error) {
	address, err := listingAddress(cmsURL)
	if err != nil {
		return Listing{}, err
	}
	ctx, cancel := context.WithTimeout(ctx, fetchTimeout)
	defer cancel()
	listing, err := get(ctx, address)
	if err != nil {
		return Listing{}, fmt.Errorf("fetch content from %s: %w", address, err)
	}
	return listing, nil
}

func listingAddress(cmsURL string) (string, error) {
	u, err := url.Parse(cmsURL)
	if err != nil || (u.Scheme != "http" && u.Scheme != "https") || u.Host == "" {
		return "", fmt.Errorf("CMS address %q: want http://host or https://host", cmsURL)
	}
	return u.JoinPath("api", "articles").String(), nil
}

func get(ctx context.Context, address string) (_ Listing, err error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return Listing{}, fmt.Errorf("make request: %w", err)
	}
	req.Header.Set("Accept", "application/json")
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return Listing{}, fmt.Errorf("ask the CMS (is it running?): %w", err)
	}
	defer func() { err = errors.Join(err, resp.Body.Close()) }()
	if resp.StatusCode != http.StatusOK {
		return Listing{}, fmt.Errorf("the CMS answered %s, want 200 OK", resp.Status)
	}
	if mime := resp.Header.Get("Content-Type"); !strings.HasPrefix(mime, "application/json") {
		return Listing{}, fmt.Errorf("the CMS answered with %q, want application/json: is this its address?", mime)
	}
	return Decode(resp.Body)
}

// Decode reads and checks a listing. Unknown fields are ignored, so that an older
// frontend can read a newer CMS; missing ones are an ErrIncomplete.
func Decode(r io.Reader) (Listing, error) {
	data, err := io.ReadAll(io.LimitReader(r, maxListing+1))
	if err != nil {
		return Listing{}, fmt.Errorf("read listing: %w", err)
	}
	if len(data) > maxListing {
		return Listing{}, fmt.Errorf("read listing: more than %d bytes", maxListing)
	}
	var listing Listing
	if err := json.Unmarshal(data, &listing); err != nil {
		return Listing{}, fmt.Errorf("decode listing: %w", err)
	}
	if err := listing.check(); err != nil {
		return Listing{}, err
	}
	return listing, nil
}

func (l Listing) check() error {
	if len(l.Articles) == 0 {
		return fmt.Errorf("%w: it lists no published article", ErrIncomplete)
	}
	if l.Total != len(l.Articles) {
		return fmt.Errorf("%w: it announces %d articles and lists %d", ErrIncomplete, l.Total, len(l.Articles))
	}
	if detail := CheckLine(l.Site.Name, MaxTitle); detail != "" {
		return fmt.Errorf("%w: site.name %s", ErrIncomplete, detail)
	}
	slugs := make(map[string]bool, len(l.Articles))
	for i, article := range l.Articles {
		if err := article.checkPublished(); err != nil {
			return fmt.Errorf("%w: article %d (id %q): %w", ErrIncomplete, i, article.ID, err)
		}
		if slugs[article.Slug] {
			return fmt.Errorf("%w: article %d (id %q): slug %q is used twice", ErrIncomplete, i, article.ID, article.Slug)
		}
		slugs[article.Slug] = true
	}
	return nil
}

func (a Article) checkPublished() error {
	if a.ID == "" {
		return FieldError{"id", "is empty"}
	}
	if a.Status != Published {
		return FieldError{"status", fmt.Sprintf("is %q, want %q", a.Status, Published)}
	}
	if a.UpdatedAt.IsZero() {
		return FieldError{"updated_at", "is missing"}
	}
	if errs := a.Validate(); len(errs) > 0 {
		return errs[0]
	}
	return nil
}
