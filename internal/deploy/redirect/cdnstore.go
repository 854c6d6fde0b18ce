package redirect

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"maps"
	"path"
	"slices"
	"strings"
	"time"

	"github.com/pressrun/pressrun/internal/deploy/manifest"
)

// Store keeps redirects that a CDN answers itself, in addition to the redirect pages. Others
// may keep keys of their own in it. Errors are sentences for an operator.
type Store interface {
	// String names the store.
	String() string
	Limits() Limits
	// Version is the version of the content, which changes with every write, and its size in
	// bytes.
	Version(ctx context.Context) (version string, bytes int64, err error)
	// Read returns the content for this site's part of the host.
	Read(ctx context.Context) (map[string]string, error)
	// Write does all of a batch or nothing, and returns the new version. An error wraps
	// ErrPrecondition if the store has another version than the given one.
	Write(ctx context.Context, version string, batch Batch) (string, error)
}

// Limits bound a store, in bytes and in keys.
type Limits struct {
	Key, Value int
	Total      int64
	Batch      int // keys in one batch
	// Propagation is how long after a write some visitors may get the content from before.
	Propagation time.Duration
}

// Batch has the changes of one write.
type Batch struct {
	Put    map[string]string
	Delete []string
}

// Plan has the changes that make a store hold a release's redirects.
type Plan struct {
	Store  string   `json:"store"`
	Put    []string `json:"put,omitempty"` // keys: addresses of the site, as "/old"
	Delete []string `json:"delete,omitempty"`
	// Foreign are keys of other writers, and Long are redirects that are too long for the
	// store: both are left to the redirect pages.
	Foreign []string `json:"foreign,omitempty"`
	Long    []string `json:"long,omitempty"`

	Want map[string]string `json:"-"` // all managed redirects
}

// addressKey is the key of a file: its address without "index.html" and without a slash at
// the end, as CDN functions look it up.
func addressKey(name string) string {
	dir, base := path.Split(name)
	if base == "index.html" {
		name = strings.TrimSuffix(dir, "/")
	}
	return "/" + name
}

// redirectValue has a redirect's target and owner: only keys with the site's owner are ever
// overwritten or deleted.
func redirectValue(to string, status int, site string) string {
	return fmt.Sprintf("%d %s %s", status, to, redirectOwner(site))
}

func redirectOwner(site string) string { return "pressrun:" + site }

// NewPlan compares the redirects of a release with a store's content.
func NewPlan(next *manifest.Manifest, held map[string]string, limits Limits) Plan {
	p := Plan{Want: map[string]string{}}
	for i := range next.Entries {
		e := &next.Entries[i]
		if !IsRedirect(e.Headers) {
			continue
		}
		key := addressKey(e.Path)
		to, status := Target(e.Headers)
		value := redirectValue(to, status, next.Site)
		if to == "" || len(key) > limits.Key || len(value) > limits.Value {
			p.Long = append(p.Long, key)
			continue
		}
		p.Want[key] = value
	}
	owner := " " + redirectOwner(next.Site)
	for key, value := range held {
		if !strings.HasSuffix(value, owner) {
			if _, ok := p.Want[key]; ok {
				p.Foreign = append(p.Foreign, key)
				delete(p.Want, key)
			}
			continue
		}
		if _, ok := p.Want[key]; !ok {
			p.Delete = append(p.Delete, key)
		}
	}
	for key, value := range p.Want {
		if held[key] != value {
			p.Put = append(p.Put, key)
		}
	}
	slices.Sort(p.Put)
	slices.Sort(p.Delete)
	slices.Sort(p.Foreign)
	return p
}

// Batches are the plan's writes in their order. Deletes come first, so that a nearly full
// store has room.
func (p *Plan) Batches(limits Limits) []Batch {
	var out []Batch
	n := 0
	last := func() *Batch {
		if n%limits.Batch == 0 {
			out = append(out, Batch{Put: map[string]string{}})
		}
		n++
		return &out[len(out)-1]
	}
	for _, key := range p.Delete {
		b := last()
		b.Delete = append(b.Delete, key)
	}
	for _, key := range p.Put {
		last().Put[key] = p.Want[key]
	}
	return out
}

// Growth is the number of bytes that the writes add to the store.
func (p *Plan) Growth(held map[string]string) int64 {
	n := 0
	for _, key := range p.Put {
		n += len(key) + len(p.Want[key])
		if old, ok := held[key]; ok {
			n -= len(key) + len(old)
		}
	}
	for _, key := range p.Delete {
		n -= len(key) + len(held[key])
	}
	return int64(n)
}

// Empty says whether the store has the release's redirects already.
func (p *Plan) Empty() bool { return len(p.Put)+len(p.Delete) == 0 }

// Digest is the hash of a release's redirects.
func Digest(next *manifest.Manifest, limits Limits) string {
	want := NewPlan(next, nil, limits).Want
	h := sha256.New()
	for _, key := range slices.Sorted(maps.Keys(want)) {
		fmt.Fprintf(h, "%q %q\n", key, want[key])
	}
	return hex.EncodeToString(h.Sum(nil))
}
