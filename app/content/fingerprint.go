package content

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"time"

	"github.com/go-openapi/jsonpointer"

	"github.com/pressrun/pressrun/app/scheduler"
	"github.com/pressrun/pressrun/internal/config"
	"github.com/pressrun/pressrun/internal/outbound"
)

// Fingerprints reads the fingerprints of sites' content.
type Fingerprints struct {
	log   *slog.Logger
	sites map[string]fingerprint
}

var _ scheduler.Fingerprints = (*Fingerprints)(nil)

// fingerprint is the address of a site's, and the part of the answer that counts.
type fingerprint struct {
	config.Fingerprint
	client *outbound.Client
}

// NewFingerprints makes the Fingerprints of a configuration.
func NewFingerprints(o Options) (*Fingerprints, error) {
	f := &Fingerprints{log: o.Log, sites: map[string]fingerprint{}}
	for name, site := range o.Config.Sites {
		if site.Fingerprint.URL == "" {
			continue
		}
		client, err := outbound.To(site.Fingerprint.URL, o.Transport)
		if err != nil {
			return nil, fmt.Errorf("prepare to read the fingerprint of site %s: %w", name, err)
		}
		f.sites[name] = fingerprint{site.Fingerprint, client}
	}
	return f, nil
}

const (
	// mostContent bounds the body of an answer, in bytes.
	mostContent = 8 << 20
	// readAgain is the wait before the second and last try.
	readAgain = 2 * time.Second
)

// Fingerprint reads that of a site's content, twice at most and in less than a minute.
// Equal ones are of the same content, read from the same address.
func (f *Fingerprints) Fingerprint(ctx context.Context, site string) (string, error) {
	one, ok := f.sites[site]
	if !ok {
		return "", errors.New("no fingerprint is configured")
	}
	value, err := one.read(ctx)
	if err == nil {
		return value, nil
	}
	f.log.Debug("a fingerprint could not be read", "site", site, "error", err)
	select {
	case <-time.After(readAgain):
	case <-ctx.Done():
		return "", ctx.Err()
	}
	return one.read(ctx)
}

// read asks for the headers first where the whole answer counts: a strong ETag is enough
// (RFC 9110, section 8.8.3), except for HTML and JSON, which may report a failure. Otherwise
// it reads the answer itself.
func (f fingerprint) read(ctx context.Context) (string, error) {
	if f.Pointer == "" {
		if head, err := f.ask(ctx, http.MethodHead, 0); err == nil && head.Status == http.StatusOK && sensible(head) == nil {
			kind, tag := kindOf(head.Header), strongTag(head.Header)
			if tag != "" && !isHTML(kind) && !isJSON(kind) && head.Header.Get("Content-Length") != "0" {
				return f.sum("etag", []byte(tag)), nil
			}
		}
	}
	answer, err := f.ask(ctx, http.MethodGet, mostContent)
	switch {
	case err != nil:
		return "", err
	case answer.Status != http.StatusOK:
		return "", fmt.Errorf("the address of the fingerprint answered %d", answer.Status)
	}
	if err := sensible(answer); err != nil {
		return "", err
	}
	if f.Pointer != "" {
		return f.part(answer)
	}
	tag := strongTag(answer.Header)
	switch {
	case len(bytes.TrimSpace(answer.Body)) == 0:
		return "", errors.New("the address of the fingerprint answered nothing")
	case tag != "":
		return f.sum("etag", []byte(tag)), nil
	case !answer.Whole:
		return "", fmt.Errorf("the address of the fingerprint answered more than %d MB", mostContent>>20)
	}
	return f.sum("body", answer.Body), nil
}

func (f fingerprint) ask(ctx context.Context, method string, most int64) (outbound.Answer, error) {
	request, err := http.NewRequestWithContext(ctx, method, f.URL, http.NoBody)
	if err != nil {
		return outbound.Answer{}, errors.New("the address of the fingerprint is no web address")
	}
	request.Header.Set("Cache-Control", "no-cache")
	return f.client.Do(request, most)
}

// strongTag is an answer's ETag, if it is a strong one, which changes with each byte.
func strongTag(h http.Header) string {
	tag := h.Get("ETag")
	if len(tag) < 3 || !strings.HasPrefix(tag, `"`) || !strings.HasSuffix(tag, `"`) {
		return ""
	}
	return tag
}

// part is the fingerprint of the part of a JSON document that counts.
func (f fingerprint) part(a outbound.Answer) (string, error) {
	if !a.Whole {
		return "", fmt.Errorf("the address of the fingerprint answered more than %d MB", mostContent>>20)
	}
	pointer, err := jsonpointer.New(f.Pointer)
	if err != nil {
		return "", fmt.Errorf("%q is no JSON pointer", f.Pointer)
	}
	decoder := json.NewDecoder(strings.NewReader(string(a.Body)))
	decoder.UseNumber()
	var document any
	if err := decoder.Decode(&document); err != nil {
		return "", errors.New("the address of the fingerprint did not answer with JSON")
	}
	found, _, err := pointer.Get(document)
	if err != nil {
		return "", fmt.Errorf("the fingerprint's answer has nothing at %s", f.Pointer)
	}
	text, err := json.Marshal(found)
	if err != nil {
		return "", fmt.Errorf("read the fingerprint at %s: %w", f.Pointer, err)
	}
	if err := sensiblePart(text, f.Pointer); err != nil {
		return "", err
	}
	return f.sum("part", text), nil
}

// sum hashes the value together with its address, so that values of two addresses never
// match.
func (f fingerprint) sum(kind string, read []byte) string {
	sum := sha256.New()
	fmt.Fprintf(sum, "%q %q %s\n", f.URL, f.Pointer, kind)
	sum.Write(read)
	return "sha256:" + hex.EncodeToString(sum.Sum(nil))
}
