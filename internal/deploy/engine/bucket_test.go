package engine_test

import (
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"

	"github.com/pressrun/pressrun/internal/deploy"
	"github.com/pressrun/pressrun/internal/deploy/engine"
	"github.com/pressrun/pressrun/internal/deploy/history"
	"github.com/pressrun/pressrun/internal/deploy/manifest"
	"github.com/pressrun/pressrun/internal/deploy/store"
	"github.com/pressrun/pressrun/test/fakes3"
)

// wordy is a build whose pages are worth compressing: 20 of them, a stylesheet, a
// picture, and a page that is too short.
func wordy() site {
	s := site{
		"index.html": page("home"), "short.html": "x", "assets/site-0a1b2c3d4e.css": strings.Repeat("a{color:red}\n", 200),
		"img/a.png": strings.Repeat("no text ", 200),
	}
	for i := range 20 {
		s[fmt.Sprintf("p%02d.html", i)] = page(fmt.Sprint("page ", i))
	}
	return s
}

func page(name string) string {
	return "<!doctype html><title>" + name + "</title>" + strings.Repeat("<p>so it is said in "+name+"</p>\n", 80)
}

func compressed(t *testing.T, s site) engine.Options {
	t.Helper()
	o := options(s.write(t))
	o.Rules = gzipped
	return o
}

// bucket is a fake store, and what visitors get from it.
type bucket struct {
	*fakes3.Server
	place
}

func newBucket(t *testing.T) bucket {
	t.Helper()
	server := &fakes3.Server{}
	b := bucket{Server: server, place: place{dest: fake(t, server)}}
	b.read = func(t *testing.T) site {
		t.Helper()
		found := site{}
		for key, o := range server.Objects("b") {
			if !manifest.Reserved(key, ".pressrun/") {
				found[key] = browse(t, key, o.Body, o.Header.Get("Content-Encoding"))
			}
		}
		return found
	}
	return b
}

func browse(t *testing.T, name string, body []byte, encoding string) string {
	t.Helper()
	if encoding == "" {
		return string(body)
	}
	z, err := gzip.NewReader(bytes.NewReader(body))
	if encoding != "gzip" || err != nil {
		t.Fatalf("%s is served as %q: %v", name, encoding, err)
	}
	text, err := io.ReadAll(z)
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	return string(text)
}

func (b bucket) encodings() map[string]int {
	n := map[string]int{}
	for key, o := range b.Objects("b") {
		if !manifest.Reserved(key, ".pressrun/") {
			n[o.Header.Get("Content-Encoding")]++
		}
	}
	return n
}

// packed is how many files a deploy compressed.
func packed(r deploy.Result) int {
	for _, p := range r.Phases {
		if p.Name == "compress" {
			return p.Files
		}
	}
	return -1
}

// forget loses the state.
func forget(t *testing.T, b bucket) {
	t.Helper()
	var dels []store.Deletion
	for key := range b.Objects("b") {
		if rest, ok := strings.CutPrefix(key, ".pressrun/"); ok {
			dels = append(dels, store.Deletion{Key: rest})
		}
	}
	if err := errors.Join(b.dest.State.Delete(t.Context(), dels)...); err != nil {
		t.Fatal(err)
	}
}

// upgrade makes the live release one that another version of the compressor wrote.
func upgrade(t *testing.T, b bucket, path string) {
	t.Helper()
	head, err := history.ReadHead(t.Context(), b.dest.State, "www")
	if err != nil {
		t.Fatal(err)
	}
	key := history.ManifestKey(head.Live.Manifest)
	m, err := history.ReadManifest(t.Context(), b.dest.State, key, "www")
	if err != nil {
		t.Fatal(err)
	}
	i := slices.IndexFunc(m.Entries, func(e manifest.Entry) bool { return e.Path == path })
	e := &m.Entries[i]
	var old bytes.Buffer
	z, err := gzip.NewWriterLevel(&old, gzip.NoCompression)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := z.Write([]byte(wordy()[path])); err != nil || z.Close() != nil {
		t.Fatal(err)
	}
	put := store.SmallPut(path, e.Headers, old.Bytes(), store.Condition{})
	written, err := b.dest.Site.Put(t.Context(), put)
	if err != nil {
		t.Fatal(err)
	}
	e.Size, e.Sum, e.CRC, e.ETag = put.Size, put.Sum, put.CRC, written.ETag
	body, err := m.Encode()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := b.dest.State.Put(t.Context(), store.SmallPut(key, manifest.StateHeaders, body, store.Condition{})); err != nil {
		t.Fatal(err)
	}
}
