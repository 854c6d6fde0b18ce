package bake

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/pressrun/pressrun/internal/bake/address"
	"github.com/pressrun/pressrun/internal/bake/crawl"
	"github.com/pressrun/pressrun/internal/bake/judge"
	"github.com/pressrun/pressrun/internal/bake/output"
	"github.com/pressrun/pressrun/internal/bake/state"
	"github.com/pressrun/pressrun/internal/deploy/guard"
	"github.com/pressrun/pressrun/internal/text"
)

// Refused says that guards refused a bake. The output is as it was.
type Refused struct{ Violations []guard.Violation }

func (r *Refused) Error() string {
	why := (&guard.Error{Violations: r.Violations}).Error()
	return "the bake was refused, and the output is as it was: " + strings.TrimPrefix(why, "the release was stopped: ")
}

// resumeWithin is the age up to which an unfinished bake is resumed.
const resumeWithin = 6 * time.Hour

// Run bakes. A *Refused comes with the account; of other errors it may be empty.
func Run(ctx context.Context, o Options) (judge.Account, error) {
	r, err := resolve(o)
	if err != nil {
		return judge.Account{}, err
	}
	b := &bake{resolved: r, started: time.Now()}
	if b.folder, err = state.Open(r.State); err != nil {
		return judge.Account{}, err
	}
	unlock, err := b.folder.Lock()
	if err != nil {
		return judge.Account{}, err
	}
	a, err := b.run(ctx)
	return a, errors.Join(err, unlock())
}

// bake is one bake that is being made.
type bake struct {
	resolved
	folder  state.Folder
	started time.Time
	last    *state.Bake // the last one that was accepted; nil for none
	head    state.Head
	pages   []*state.Page
	mapping output.Mapping
	names   address.Names
	resumed bool
}

func (b *bake) run(ctx context.Context) (judge.Account, error) {
	if err := b.open(); err != nil {
		return judge.Account{}, err
	}
	if len(b.Changes) == 0 {
		if changed, known := changesOf(b.Served, b.last); known {
			b.Changes = changed
		}
	}
	mode, because := modeOf(&b.resolved, b.last, b.started)
	journal, err := b.begin(&mode)
	if err != nil {
		return judge.Account{}, err
	}
	got, err := b.crawl(ctx, journal, mode)
	if journal != nil {
		err = errors.Join(err, journal.Close())
	}
	if err != nil {
		return judge.Account{}, err
	}
	b.pages = got.Pages
	b.name()
	a, err := b.finish(ctx)
	a.Mode, a.Because, a.Resumed, a.DryRun = mode, because, b.resumed, b.DryRun
	a.Requests, a.Bytes = got.Requests, got.Bytes
	a.Notes = append(append([]string{}, got.Notes...), a.Notes...)
	a.Origin, a.PublicURL, a.Output, a.Started = b.origin.String(), b.PublicURL, b.Dir, b.started
	a.Consistency, a.ConsistencyBecause = b.consistency(got.Settled, a.Counts)
	a.Seconds = time.Since(b.started).Seconds()
	a.Digest, a.Watermark = b.digest(), b.watermark(got.Ahead)
	return a, err
}

// consistency says whether the pages show one instant of the CMS, and why.
func (b *bake) consistency(s crawl.Settled, c judge.Counts) (level, because string) {
	switch {
	case b.resumed:
		return judge.PerItem, "it resumed a bake that was killed"
	case c.Stale > 0:
		return judge.PerItem, text.Plural(c.Stale, "page is", "pages are") + " from an earlier bake"
	case s.Quiet:
		return judge.Quiet, s.Why
	}
	return judge.PerItem, s.Why
}

// open repairs the state after a kill, and reads the last bake.
func (b *bake) open() error {
	err := b.folder.Recover(func(h state.Head) bool { return output.Placed(h.Staged, h.Output, h.Folder) })
	if err == nil {
		err = output.Recover(b.Dir)
	}
	if err != nil {
		return err
	}
	if b.last, err = b.folder.Last(); err != nil {
		return err
	}
	if b.last != nil && b.last.Head.Origin != b.origin.String() {
		return fmt.Errorf("the folder %s has the state of bakes of %s: name another with --state, or remove it", b.State, b.last.Head.Origin)
	}
	if b.last != nil && b.last.Head.Output == b.Dir {
		return nil
	}
	empty, err := output.Empty(b.Dir)
	if err != nil {
		return fmt.Errorf("list the output: %w", err)
	}
	if !empty {
		return fmt.Errorf("the folder %s has files that no bake made, and a bake would replace it: name another, or empty it", b.Dir)
	}
	return nil
}

// begin plans the bake, or goes on with one that was killed.
func (b *bake) begin(mode *string) (*state.Journal, error) {
	b.head = state.Head{Origin: b.origin.String(), Started: b.started, Settings: b.settings(), Mode: *mode, Output: b.Dir}
	if b.last != nil {
		b.head.Base, b.head.Full = b.last.Head.Started, b.last.Head.Full
	}
	if *mode == Full {
		b.head.Full = b.started
	}
	if b.DryRun {
		b.pages = plan(&b.resolved, b.last, *mode)
		return nil, nil //nolint:nilnil // a dry run writes nothing down
	}
	left, err := b.folder.Unfinished()
	if err == nil && left != nil && b.goesOn(left.Head) {
		*mode, b.resumed, b.started, b.head = left.Head.Mode, true, left.Head.Started, left.Head
		whole := state.Bake{Pages: plan(&b.resolved, b.last, *mode)}
		for _, p := range left.Pages {
			if err = whole.Put(p); err != nil {
				break
			}
		}
		if b.pages = whole.Pages; err == nil {
			b.requeue()
			return b.folder.Resume()
		}
		b.resumed, b.started = false, time.Now()
	}
	b.pages = plan(&b.resolved, b.last, *mode)
	return b.folder.Begin(b.head)
}

// goesOn says whether a bake that was killed is this one.
func (b *bake) goesOn(left state.Head) bool {
	base := time.Time{}
	if b.last != nil {
		base = b.last.Head.Started
	}
	return left.Origin == b.head.Origin && left.Settings == b.head.Settings && left.Output == b.head.Output && left.Base.Equal(base) &&
		b.started.Sub(left.Started) < resumeWithin && (left.Mode == b.head.Mode || left.Mode == Full) && left.Mode != Changed
}

// requeue queues again the pages that a killed bake could not keep, or got no answer for.
func (b *bake) requeue() {
	bodies := b.folder.Bodies()
	for _, p := range b.pages {
		// The home page says what lists there are, and they may have been half read.
		if p.Address == "/" || p.Step == state.Unreachable || p.Step == state.Answered && p.Sum != "" && !bodies.Has(p.Sum, p.Size) {
			p.Step = state.Waiting
		}
	}
}

func (b *bake) crawl(ctx context.Context, journal *state.Journal, mode string) (crawl.Result, error) {
	return crawl.New(crawl.Options{
		Origin: b.origin, Queries: b.queries, Extras: append(b.extras, b.changed()...), Exclude: b.exclude, MaxPages: b.MaxPages,
		HeaderTimeout: b.Timeout, Timeout: max(10*time.Minute, b.Timeout), Pace: b.Pace, UserAgent: b.UserAgent, Authorization: b.Authorization, Tries: 4, Backoff: b.Backoff, GiveUp: b.GiveUp, Tell: b.Tell,
	}, crawl.Start{Pages: b.pages, Journal: journal, Bodies: b.folder.Bodies(), Conditional: mode != Full, Missing: b.missing}).Run(ctx)
}

// changed are the addresses among the changes: they may be new.
func (b *bake) changed() []address.Address {
	var out []address.Address
	for _, c := range b.Changes {
		if to, ok := b.origin.Given(c); ok && to.Form != address.Relative {
			out = append(out, to.Address)
		}
	}
	return out
}

// name gives each page its file.
func (b *bake) name() {
	var items []address.Item
	for _, p := range b.pages {
		if judge.Published(p) && p.Address != b.missing {
			items = append(items, address.Item{Address: p.Address, QueryKind: p.QueryKind, Type: p.Type, Sum: p.Sum})
		}
	}
	b.names = address.Assign(items)
	b.mapping = output.Mapping{Origin: b.origin, Queries: b.queries, PublicURL: b.PublicURL, Places: b.names.Places}
	b.head.Names = b.mapping.ID(fmt.Sprint(b.canary, b.AllowRobots, b.MayLeak))
}

// finish builds the output, judges it, and puts it in place.
func (b *bake) finish(ctx context.Context) (judge.Account, error) {
	staged := output.Staged(b.Dir)
	site := output.Site{
		Mapping: b.mapping, Pages: b.pages, Bodies: b.folder.Bodies(), Missing: b.missing,
		AllowRobots: b.AllowRobots, MayLeak: b.mayLeak, Canaries: b.canary, Previous: b.Dir, Before: b.before(),
	}
	unchanged := b.unchanged(site.Before)
	var findings judge.Findings
	var err error
	if !unchanged {
		if findings, err = site.Build(ctx, staged); err != nil {
			return judge.Account{}, errors.Join(err, output.Recover(b.Dir))
		}
	}
	a, broken := judge.Judge(b.input(findings))
	a.Unchanged = unchanged
	b.head.Broken = broken
	b.remarks(&a)
	if len(a.Refused) > 0 {
		err := errors.Join(output.Recover(b.Dir), b.forget())
		return a, cmp.Or(err, error(&Refused{a.Refused}))
	}
	if b.DryRun {
		return a, output.Recover(b.Dir)
	}
	if err := b.accept(staged, unchanged); err != nil {
		return a, err
	}
	a.Accepted = true
	return a, nil
}

// forget removes the state of this bake, so that the next one reads everything anew.
func (b *bake) forget() error {
	if b.DryRun {
		return nil
	}
	return b.folder.Forget()
}

func (b *bake) input(findings judge.Findings) judge.Input {
	in := judge.Input{Pages: b.pages, Names: b.names, Missing: b.missing, Limits: b.Limits, Findings: findings}
	if b.last != nil {
		in.Last, in.Broken = b.last.Pages, b.last.Head.Broken
	}
	return in
}

// before are the last bake's pages by address, if their files may be taken over; else nil.
func (b *bake) before() map[address.Address]*state.Page {
	if b.last == nil || b.last.Head.Names != b.head.Names || b.last.Head.Output != b.Dir || b.last.Head.Settings != b.head.Settings {
		return nil
	}
	out := make(map[address.Address]*state.Page, len(b.last.Pages))
	for _, p := range b.last.Pages {
		out[p.Address] = p
	}
	return out
}

// unchanged says that the output would be the same as before, byte for byte.
func (b *bake) unchanged(before map[address.Address]*state.Page) bool {
	if before == nil {
		return false
	}
	if empty, err := output.Empty(b.Dir); err != nil || empty {
		return false
	}
	for _, p := range b.pages {
		old := before[p.Address]
		switch {
		case old == nil && !judge.Published(p) && !judge.IsRedirect(p):
		case old == nil, old.Sum != p.Sum, old.Type != p.Type, old.Location != p.Location, judge.Published(old) != judge.Published(p), judge.IsRedirect(old) != judge.IsRedirect(p), judge.IsRedirect(p) && old.Status != p.Status:
			return false
		default:
			p.Out = old.Out
		}
	}
	return true
}

// accept puts the output in place, and saves the state.
func (b *bake) accept(staged string, unchanged bool) error {
	if unchanged {
		staged = b.Dir
	}
	for _, p := range b.pages {
		if p.Step == state.Kept {
			p.Step = state.Answered // when, Fresh says
		}
	}
	b.head.Staged, b.head.Folder = staged, output.Identity(staged)
	if unchanged {
		if done, err := b.folder.Extend(b.last, b.head, b.pages); done || err != nil {
			return err
		}
	}
	if err := b.folder.Next(&state.Bake{Head: b.head, Pages: b.pages}); err != nil {
		return err
	}
	if !unchanged {
		if err := output.Swap(staged, b.Dir); err != nil {
			return err
		}
	}
	if err := b.folder.Accept(); err != nil || unchanged {
		return err
	}
	needed := make(map[string]bool, len(b.pages))
	for _, p := range b.pages {
		needed[p.Sum] = true
	}
	return errors.Join(output.Clean(b.Dir), b.folder.Bodies().Sweep(needed))
}

// remarks adds notes for people, which refuse nothing.
func (b *bake) remarks(a *judge.Account) {
	if len(b.names.Twins) > 0 {
		a.Notes = append(a.Notes, fmt.Sprintf("%s by case alone, which is one file on some systems: %s", text.Plural(len(b.names.Twins), "file differs", "files differ"), b.names.Twins[0]))
	}
	trapped := map[string]int{}
	for _, p := range b.pages {
		if p.Step == state.LeftOut && len(p.Sources) > 0 && p.QueryKind != address.Unknown && p.Why != state.WhyExclude && p.Why != state.WhyTooMany {
			trapped[p.Why]++
		}
	}
	for _, why := range slices.Sorted(maps.Keys(trapped)) {
		a.Notes = append(a.Notes, fmt.Sprintf("%s left out: %s; exclude them, or list in a sitemap what is to be there", text.Plural(trapped[why], "address was", "addresses were"), why))
	}
	if b.PublicURL == "" {
		a.Notes = append(a.Notes, "the public address is not known, so addresses in sitemaps, feeds and canonical links are paths alone; name it with --public-url")
	}
}
