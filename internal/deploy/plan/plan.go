package plan

import (
	"iter"
	"slices"
	"strings"

	"github.com/pressrun/pressrun/internal/deploy/manifest"
	"github.com/pressrun/pressrun/internal/deploy/redirect"
	"github.com/pressrun/pressrun/internal/deploy/rules"
	"github.com/pressrun/pressrun/internal/deploy/store"
)

// Reason says why a plan touches a file, or does not.
type Reason string

// The reasons.
const (
	ReasonNew       Reason = "new"
	ReasonContent   Reason = "content"
	ReasonHeaders   Reason = "headers"
	ReasonGone      Reason = "gone"    // deleted, since the build no longer has it
	ReasonExpired   Reason = "expired" // a dropped asset whose grace time is over
	ReasonUnchanged Reason = "unchanged"
)

// Write is one file to send, or whose headers are to be changed.
type Write struct {
	Index  int // in Plan.Next.Entries
	Reason Reason
	If     store.Condition // on what the destination holds now
	// Resend says that a change of headers sends the file again, and is no copy: it takes a
	// header away, which not every store's copies do, or the store makes no copies.
	Resend bool
}

// Sends says whether the write sends the content. Else it copies the file onto itself with
// other headers.
func (w Write) Sends() bool { return w.Reason != ReasonHeaders || w.Resend }

// Phase has the writes of one class, or of a part of it. Each phase must be complete before
// the next.
type Phase struct {
	Class  rules.Class
	Clear  []manifest.Entry // files in the way, deleted before the writes: see ClearConflicts
	Writes []Write
}

// Delete is one file to delete: after the commit, or Early.
type Delete struct {
	manifest.Entry
	Reason Reason
	Early  bool // in its phase's Clear
}

// Plan is everything a deploy will do.
type Plan struct {
	Phases  []Phase
	Deletes []Delete
	// Next is the manifest after the deploy. Entries to be written have no ETag yet.
	Next manifest.Manifest
	// Foreign are paths with content that Pressrun did not write and that the plan
	// overwrites: only a person may allow that.
	Foreign []string
	// NotHashed are files whose names look like hashes of their content and are not: they had
	// other content before. They are no longer cached for ever.
	NotHashed []string
	Unchanged int
	Retired   int // assets that this release drops and keeps for their grace time
}

// AllWrites yields the writes of all phases, in their order.
func (p *Plan) AllWrites() iter.Seq[*Write] {
	return func(yield func(*Write) bool) {
		for _, phase := range p.Phases {
			for i := range phase.Writes {
				if !yield(&phase.Writes[i]) {
					return
				}
			}
		}
	}
}

// Input is the input of a plan.
type Input struct {
	Tree manifest.Tree
	Base Known
	Seen map[string]Observed // for every path of Base.Doubtful, and any other looked at
	// Headers gives each path's headers: Rules.HeadersFor, or a release's own.
	Headers func(path string) (store.Headers, error)
	Grace   manifest.Grace
	// Next carries the site, sequence, release, commit and time of the deploy.
	Next        manifest.Manifest
	StatePrefix string
}

// New plans the deploy of a build to a destination.
func New(in Input) (Plan, error) {
	p := planner{in: in, held: in.inventory(), encoded: headerEncoder{}}
	p.plan.Next = in.Next
	p.plan.Next.Parent = in.Base.Live.Sequence
	p.plan.Next.Entries = make([]manifest.Entry, 0, len(in.Tree.Files))
	for c := rules.ClassAsset; c <= rules.ClassEntry; c++ {
		p.plan.Phases = append(p.plan.Phases, Phase{Class: c})
	}
	for _, f := range in.Tree.Files {
		if manifest.Reserved(f.Path, in.StatePrefix) {
			continue
		}
		if err := p.file(f); err != nil {
			return Plan{}, err
		}
	}
	p.orderRedirects()
	p.drop()
	return p.plan, nil
}

type planner struct {
	in   Input
	held inventory
	plan Plan

	encoded headerEncoder
}

func (p *planner) file(f manifest.File) error {
	headers, err := p.in.Headers(f.Path)
	if err == nil {
		headers, err = p.encoded.add(headers, f.Encoding)
	}
	if err != nil {
		return err
	}
	next := manifest.Entry{Path: f.Path, Size: f.Size, Sum: f.Sum, CRC: f.CRC, Headers: headers, Origin: f.Origin}
	have, exists := p.held.at(f.Path)
	if exists && p.disproves(have, next) {
		if next.Headers, err = headers.With("cache-control", rules.CacheAsset); err != nil {
			return err
		}
		headers = next.Headers
	}
	w := Write{Index: len(p.plan.Next.Entries)}
	switch {
	case !exists:
		w.Reason, w.If = ReasonNew, store.Condition{IfAbsent: true}
	case have.same(next) && (have.Headers == headers || have.bare):
		next.ETag, next.Version = have.ETag, have.Version
		p.plan.Unchanged++
	case have.same(next): // even if someone else wrote it, it is managed from now on
		w.Reason, w.If = ReasonHeaders, store.Condition{IfMatch: have.ETag}
		w.Resend = loses(have.Headers, headers)
	default:
		w.Reason, w.If = ReasonContent, store.Condition{IfMatch: have.ETag}
		if !have.managed && !have.plain(f) {
			p.plan.Foreign = append(p.plan.Foreign, f.Path)
		}
	}
	p.plan.Next.Entries = append(p.plan.Next.Entries, next)
	if w.Reason != "" {
		class := rules.Classify(f.Path)
		if redirect.IsRedirect(headers) {
			class = rules.ClassRedirect // not before its target
		}
		phase := &p.plan.Phases[class]
		phase.Writes = append(phase.Writes, w)
	}
	return nil
}

// loses says whether a name of the old headers is missing from the new ones.
func loses(old, next store.Headers) bool {
	for name := range old.All() {
		if next.Get(name) == "" {
			return true
		}
	}
	return false
}

// drop plans the deletes of managed files that the build no longer has: pages and documents
// at once, since people take content down in this way; assets after their grace time.
func (p *planner) drop() {
	for path, have := range p.held.all() {
		if !have.managed || manifest.Reserved(path, p.in.StatePrefix) || p.in.Tree.Has(path) {
			continue
		}
		r := manifest.Retired{Entry: have.Entry, Sequence: p.in.Next.Sequence, At: p.in.Next.At}
		reason := ReasonGone
		if have.retired != nil {
			r.Sequence, r.At = have.retired.Sequence, have.retired.At
			if !have.retired.Doomed {
				reason = ReasonExpired
			}
		}
		if p.in.Grace.Keeps(r, p.in.Next.Sequence, p.in.Next.At) {
			if have.live {
				p.plan.Retired++
			}
		} else {
			r.Doomed = true
			p.plan.Deletes = append(p.plan.Deletes, Delete{Entry: have.Entry, Reason: reason})
		}
		p.plan.Next.Retired = append(p.plan.Next.Retired, r)
	}
	slices.SortFunc(p.plan.Next.Retired, func(a, b manifest.Retired) int { return strings.Compare(a.Path, b.Path) })
	slices.SortFunc(p.plan.Deletes, func(a, b Delete) int { return strings.Compare(a.Path, b.Path) })
}

// Replaced are the live release's files that the plan overwrites or deletes, one for each
// content: a rollback to that release needs them. With versioned, files of which the store
// keeps a version are left out.
func (p *Plan) Replaced(live *manifest.Manifest, versioned bool) []manifest.Entry {
	var out []manifest.Entry
	known := map[store.Sum]bool{}
	add := func(e manifest.Entry) {
		if e.ETag != "" && !known[e.Sum] && (e.Version == "" || !versioned) {
			known[e.Sum] = true
			out = append(out, e)
		}
	}
	for w := range p.AllWrites() {
		old, ok := live.Find(p.Next.Entries[w.Index].Path)
		if ok && w.Reason == ReasonContent && w.If.IfMatch == old.ETag {
			add(old)
		}
	}
	for _, d := range p.Deletes {
		if d.Sum != (store.Sum{}) {
			add(d.Entry)
		}
	}
	return out
}

// ResendHeaders makes the plan send the files whose headers alone change, for a store whose
// copies can't change headers.
func (p *Plan) ResendHeaders() {
	for w := range p.AllWrites() {
		if w.Reason == ReasonHeaders {
			w.Resend = true
		}
	}
}

// Delta is the write-ahead manifest: the files that are in doubt if the deploy dies.
func (p *Plan) Delta() manifest.Manifest {
	m := p.Next
	m.Delta, m.Retired = true, nil
	if files, _ := p.Writes(); files < len(p.Next.Entries) { // else all of them, as in a first deploy
		m.Entries = make([]manifest.Entry, 0, files)
		for w := range p.AllWrites() {
			m.Entries = append(m.Entries, p.Next.Entries[w.Index])
		}
		manifest.SortEntries(m.Entries)
	}
	for _, r := range p.Next.Retired {
		if r.Doomed {
			m.Retired = append(m.Retired, r)
		}
	}
	return m
}
