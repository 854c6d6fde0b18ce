package judge

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/pressrun/pressrun/internal/bake/address"
	"github.com/pressrun/pressrun/internal/bake/state"
	"github.com/pressrun/pressrun/internal/deploy/guard"
	"github.com/pressrun/pressrun/internal/text"
)

// Judge makes the account, with the reasons against publishing. It also returns the broken
// links, sorted.
func Judge(in Input) (a Account, broken []string) {
	before := map[address.Address]*state.Page{}
	for _, p := range in.Last {
		before[p.Address] = p
	}
	links := in.broken()
	files := map[string]bool{}
	a = Account{Refused: []guard.Violation{}, LetPass: []guard.Violation{}, Notes: []string{}, Addresses: []Line{}}
	a.Queries = map[string]int{}
	for _, p := range in.Pages {
		if p.Address == in.Missing || p.Step == state.LeftOut && len(p.Sources) == 0 {
			continue // Pressrun's own, and no page of the site; or known to the last bake alone
		}
		line := in.line(p, before[p.Address])
		line.Linked = links[p.Address]
		a.Counts.add(line.Outcome)
		if line.File != "" && !files[line.File] {
			files[line.File] = true
			if isPage(p) {
				a.Counts.Pages++
			}
		}
		in.count(&a, p, before[p.Address], &line)
		a.Addresses = append(a.Addresses, line)
	}
	a.Counts.Files = len(files)
	slices.SortFunc(a.Addresses, func(x, y Line) int { return cmp.Compare(x.Address, y.Address) })
	for to := range links {
		broken = append(broken, string(to))
	}
	slices.Sort(broken)
	v := verdict{in: in, before: before, account: &a, broken: broken}
	for _, found := range v.all() {
		if slices.Contains(in.Limits.Allow, found.Name) {
			a.LetPass = append(a.LetPass, found)
		} else {
			a.Refused = append(a.Refused, found)
		}
	}
	return a, broken
}

// count counts the new and changed pages, their age, and the queries that were left out.
func (in *Input) count(a *Account, p, last *state.Page, line *Line) {
	if p.Step == state.LeftOut && p.QueryKind == address.Unknown {
		a.Queries[parameters(p.Address)]++
	}
	if !Published(p) {
		return
	}
	if a.Oldest.IsZero() || p.Fresh.Before(a.Oldest) {
		a.Oldest = p.Fresh
	}
	switch {
	case last == nil || !Published(last):
		a.Counts.New++
		line.Changed = true
	case last.Sum != p.Sum:
		a.Counts.Changed++
		line.Changed = true
	}
}

func parameters(a address.Address) string {
	var names []string
	for _, pair := range strings.Split(a.Query(), "&") {
		name, _, _ := strings.Cut(pair, "=")
		names = append(names, name)
	}
	slices.Sort(names)
	return strings.Join(slices.Compact(names), "&")
}

func (in *Input) line(p, last *state.Page) Line {
	l := Line{Address: p.Address, Known: p.Sources, Status: p.Status, Why: p.Why, Type: p.Type, To: p.Location}
	l.Outcome, l.Why = in.outcome(p, last)
	if place, ok := in.Names.Places[p.Address]; ok && Published(p) {
		l.File, l.Bytes, l.Read = place.File, p.Size, p.Read
	}
	return l
}

func (in *Input) outcome(p, last *state.Page) (Outcome, string) {
	if why := in.Names.Failed[p.Address]; why != "" && Published(p) {
		return Bad, why
	}
	switch {
	case p.Step == state.LeftOut:
		return LeftOut, p.Why
	case p.Step == state.Unreachable && (Published(p) || IsRedirect(p)):
		return Stale, p.Why
	case p.Step == state.Unreachable:
		return Unreachable, p.Why
	case p.Step == state.Bad:
		return Bad, p.Why
	case p.Step == state.Waiting:
		return "", "it was never requested" // a bug: it is counted as unaccounted
	case IsRedirect(p):
		return Redirects, ""
	case Published(p) && p.Step == state.Kept:
		return Skipped, ""
	case Published(p):
		return Baked, ""
	case last != nil && Published(last):
		return Gone, fmt.Sprintf("the CMS answers %d", p.Status)
	case onlyGuessed(p):
		return NoPage, fmt.Sprintf("the CMS answers %d", p.Status)
	}
	return Missing, fmt.Sprintf("the CMS answers %d", p.Status)
}

// onlyGuessed says that no link leads visitors to an address.
func onlyGuessed(p *state.Page) bool {
	return !slices.ContainsFunc(p.Sources, func(s state.Source) bool {
		return s.Kind != state.Probe && s.Kind != state.Mention && s.Kind != state.LastBake
	})
}

// verdict checks a bake by all guards.
type verdict struct {
	in      Input
	before  map[address.Address]*state.Page
	account *Account
	broken  []string
}

func (v *verdict) all() []guard.Violation {
	var out []guard.Violation
	for _, check := range []func() *guard.Violation{
		v.home, v.unanswered, v.login, v.same, v.lost, v.listed, v.links, v.leaks, v.robots, v.notFound, v.canaries, v.names, v.tooMany, v.unaccounted,
	} {
		if found := check(); found != nil {
			out = append(out, *found)
		}
	}
	return out
}

func (v *verdict) home() *guard.Violation {
	for _, p := range v.in.Pages {
		if p.Address == "/" && (!Published(p) || !isPage(p)) && !IsRedirect(p) {
			return &guard.Violation{Name: HomePage, Detail: fmt.Sprintf("the CMS's home page is no page: %s", cmp.Or(p.Why, fmt.Sprintf("it answers %d with %q", p.Status, p.Type)))}
		}
	}
	return nil
}

func (v *verdict) unanswered() *guard.Violation {
	var never, old []string
	why := ""
	for _, p := range v.in.Pages {
		if p.Step != state.Unreachable || p.Address == v.in.Missing {
			continue
		}
		switch {
		case Published(p), IsRedirect(p):
			old = append(old, string(p.Address))
		case onlyGuessed(p):
			continue
		default:
			never = append(never, string(p.Address))
		}
		why = p.Why
	}
	switch {
	case len(never) > 0:
		return guard.NewViolation(Unanswered, never, "%s no answer, and there are no old bytes to publish in its place (%s)", text.Plural(len(never), "page gave", "pages gave"), why)
	case len(old) > 0 && v.in.Limits.RefuseUnreachable:
		return guard.NewViolation(Unanswered, old, "%s no answer (%s)", text.Plural(len(old), "page gave", "pages gave"), why)
	}
	return nil
}

func (v *verdict) notFound() *guard.Violation {
	for _, p := range v.in.Pages {
		if p.Address != v.in.Missing || p.Gone() || p.Step == state.Unreachable {
			continue
		}
		return &guard.Violation{Name: NotFoundPage, Detail: fmt.Sprintf("the CMS answers %d, and not 404, for a page that can't be there (%s): deleted pages could not be told from others", p.Status, p.Address)}
	}
	return nil
}

func (v *verdict) links() *guard.Violation {
	if v.in.Last == nil {
		return nil // no link was whole before
	}
	var newly []string
	for _, b := range v.broken {
		if _, found := slices.BinarySearch(v.in.Broken, b); !found {
			newly = append(newly, b)
		}
	}
	if len(newly) <= v.in.Limits.MaxBroken {
		return nil
	}
	from := ""
	for _, l := range v.account.Addresses {
		if string(l.Address) == newly[0] && len(l.Linked) > 0 {
			from = fmt.Sprintf(", as %s does", l.Linked[0])
		}
	}
	return guard.NewViolation(BrokenLinks, newly, "pages lead to %s that the CMS does not have and that were not broken before%s", text.Plural(len(newly), "address", "addresses"), from)
}

func (v *verdict) leaks() *guard.Violation {
	if len(v.in.Findings.Leaks) == 0 {
		return nil
	}
	return guard.NewViolation(LeakedHost, v.in.Findings.Leaks, "the CMS's host is left in %s of the output", text.Plural(len(v.in.Findings.Leaks), "file", "files"))
}

func (v *verdict) robots() *guard.Violation {
	if !v.in.Findings.Forbids {
		return nil
	}
	return &guard.Violation{Name: RobotsForbid, Detail: "the CMS's robots.txt forbids search engines all pages, as that of a staging server does, and would take the site out of them (--robots allow publishes one that forbids nothing)"}
}

func (v *verdict) canaries() *guard.Violation {
	if len(v.in.Findings.Canaries) == 0 {
		return nil
	}
	return guard.NewViolation(Canary, v.in.Findings.Canaries, "%s that must be there", text.Plural(len(v.in.Findings.Canaries), "text is missing", "texts are missing"))
}

func (v *verdict) names() *guard.Violation {
	var failed []string
	for a := range maps.Keys(v.in.Names.Failed) {
		failed = append(failed, fmt.Sprintf("%s: %s", a, v.in.Names.Failed[a]))
	}
	slices.Sort(failed)
	failed = append(failed, v.in.Findings.Twins...)
	if len(failed) == 0 {
		return nil
	}
	return guard.NewViolation(FileNames, failed, "%s can't be a file of its own", text.Plural(len(failed), "address", "addresses"))
}

func (v *verdict) tooMany() *guard.Violation {
	var left []string
	for _, p := range v.in.Pages {
		if p.Step == state.LeftOut && p.Why == state.WhyTooMany {
			left = append(left, string(p.Address))
		}
	}
	if len(left) == 0 {
		return nil
	}
	return guard.NewViolation(TooMany, left, "%s left out, since the site has more than may be requested (--max-pages)", text.Plural(len(left), "address was", "addresses were"))
}

func (v *verdict) unaccounted() *guard.Violation {
	if v.account.Counts.Unaccounted == 0 {
		return nil
	}
	return &guard.Violation{Name: Unaccounted, Detail: fmt.Sprintf("of %d addresses it is not known what became of them", v.account.Counts.Unaccounted)}
}
