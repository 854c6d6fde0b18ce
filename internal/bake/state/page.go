package state

import (
	"encoding/base64"
	"encoding/binary"
	"errors"
	"slices"
	"time"

	"github.com/pressrun/pressrun/internal/bake/address"
	"github.com/pressrun/pressrun/internal/bake/rewrite"
)

// Step is the progress of an address in this bake.
type Step string

// The steps.
const (
	Waiting     Step = ""            // not asked for yet
	Answered    Step = "answered"    // the CMS answered, with Status
	Kept        Step = "kept"        // not asked for: nothing says that it changed
	Unreachable Step = "unreachable" // no answer, or none that says anything of the page
	LeftOut     Step = "left-out"    // not asked for on purpose: Why says why
	Bad         Step = "bad"         // an answer that can't be published: Why says why
)

// Source is a place that names an address.
type Source struct {
	// Kind is one of the kinds below, or the name of a CMS's list: "WordPress post".
	Kind string          `json:"kind"`
	From address.Address `json:"from,omitempty"` // what names it
}

// The kinds of sources.
const (
	Start    = "start"
	Extra    = "extra"
	Probe    = "probe" // a usual address that may be there, such as robots.txt
	Robots   = "robots.txt"
	Sitemap  = "sitemap"
	Link     = "link"
	Loaded   = "loaded by"
	Mention  = "mentioned in" // text, data or a script has it
	Redirect = "redirect"
	LastBake = "last bake"
)

// Page is an address, and its known state.
type Page struct {
	Address   address.Address   `json:"address"`
	QueryKind address.QueryKind `json:"fit,omitempty"`
	Sources   []Source          `json:"sources,omitempty"` // the first of each kind
	Depth     int               `json:"depth,omitempty"`   // how many links it is away from a listed page
	Step      Step              `json:"step,omitempty"`
	Why       string            `json:"why,omitempty"`

	Status   int             `json:"status,omitempty"`
	Location string          `json:"location,omitempty"` // of a redirect: where it leads, as it was answered
	To       address.Address `json:"to,omitempty"`       // the same, where it stays at the CMS
	Type     string          `json:"type,omitempty"`
	Sum      string          `json:"sum,omitempty"` // SHA-256 of the body, in hexadecimal; its name in Bodies
	Size     int64           `json:"size,omitempty"`
	ETag     string          `json:"etag,omitempty"`
	Modified string          `json:"modified,omitempty"`
	Tags     []string        `json:"tags,omitempty"` // those of the CMS's cache
	Title    string          `json:"title,omitempty"`
	Login    bool            `json:"login,omitempty"` // it asks for a password
	Lists    bool            `json:"lists,omitempty"` // it is a sitemap
	Refs     Refs            `json:"refs,omitempty"`
	// Read is when the CMS last gave these bytes, Fresh when it last said that they are still right.
	Read  time.Time `json:"read,omitzero"`
	Fresh time.Time `json:"fresh,omitzero"`

	// Out is how many bytes the file of the output has; 0 where that is not known.
	Out int64 `json:"out,omitempty"`
	ID  int32 `json:"id"` // in the order in which addresses became known
}

// OK says whether there is a body to publish.
func (p *Page) OK() bool {
	return (p.Step == Answered || p.Step == Kept) && p.Status == 200 && p.Sum != ""
}

// Redirects says whether the CMS answers with a redirect.
func (p *Page) Redirects() bool {
	return (p.Step == Answered || p.Step == Kept) && p.Status >= 300 && p.Status < 400 && p.Location != ""
}

// Gone says whether the CMS has no such page.
func (p *Page) Gone() bool {
	return (p.Step == Answered || p.Step == Kept) && (p.Status == 404 || p.Status == 410)
}

// Add adds a source, the first of its kind alone, and says whether it did.
func (p *Page) Add(s Source) bool {
	if slices.ContainsFunc(p.Sources, func(had Source) bool { return had.Kind == s.Kind }) {
		return false
	}
	p.Sources = append(p.Sources, s)
	return true
}

// Ref is a reference of a page to another address of the CMS.
type Ref struct {
	ID  int32 // of the page that is meant
	Use rewrite.Use
}

// Refs are all references of a page, each once. In JSON they are one short text: there
// are hundreds on each page.
type Refs []Ref

// MarshalText writes them.
func (r Refs) MarshalText() ([]byte, error) {
	raw := make([]byte, 0, 3*len(r))
	for _, ref := range r {
		raw = binary.AppendUvarint(raw, uint64(ref.ID)<<3|uint64(ref.Use)) //nolint:gosec // G115: ids begin at 0
	}
	return base64.StdEncoding.AppendEncode(nil, raw), nil
}

// UnmarshalText reads them.
func (r *Refs) UnmarshalText(text []byte) error {
	raw, err := base64.StdEncoding.AppendDecode(nil, text)
	if err != nil {
		return err
	}
	*r = make(Refs, 0, len(raw)/2)
	for len(raw) > 0 {
		n, size := binary.Uvarint(raw)
		if size <= 0 || n>>3 > 1<<30 {
			return errors.New("the references of a page are damaged")
		}
		*r = append(*r, Ref{ID: int32(n >> 3), Use: rewrite.Use(n & 7)})
		raw = raw[size:]
	}
	return nil
}

// The reasons for which an address is left out.
const (
	WhyQuery   = "nobody knows what its query does"
	WhyExclude = "it is excluded"
	// WhyTooMany means that the site is not whole.
	WhyTooMany   = "there are more addresses than may be asked for"
	WhyForgotten = "nothing names it any more"
)
