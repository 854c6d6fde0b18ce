package judge

import (
	"fmt"
	"slices"
	"strings"

	"github.com/pressrun/pressrun/internal/bake/state"
	"github.com/pressrun/pressrun/internal/deploy/guard"
	"github.com/pressrun/pressrun/internal/text"
)

// manySame is how many pages may be the same before that is a sign that none is itself.
const manySame = 5

// login reports a login form in the place of pages: one that was none before, or the home
// page, or many that are alike.
func (v *verdict) login() *guard.Violation {
	var found []string
	byTitle := map[string]int{}
	for _, p := range v.in.Pages {
		if !p.Login || !Published(p) || p.Step != state.Answered {
			continue
		}
		last := v.before[p.Address]
		switch {
		case last != nil && Published(last):
			if !last.Login && last.Title != p.Title {
				found = append(found, string(p.Address))
			}
		case p.Address == "/":
			found = append(found, "/")
		default:
			if byTitle[p.Title]++; byTitle[p.Title] >= 3 {
				found = append(found, string(p.Address))
			}
		}
	}
	if len(found) == 0 {
		return nil
	}
	return guard.NewViolation(LoginPage, found, "%s for a password, as when the CMS answers with its login page", text.Plural(len(found), "page asks", "pages ask"))
}

// same reports one page in the place of many, as that of a CMS under maintenance: many
// that are the same byte for byte, or many whose title has become the same.
func (v *verdict) same() *guard.Violation {
	bySum, byTitle := map[string][]string{}, map[string][]string{}
	for _, p := range v.in.Pages {
		if !Published(p) || !isPage(p) || p.Step != state.Answered {
			continue
		}
		last := v.before[p.Address]
		if last != nil && last.Sum == p.Sum {
			continue
		}
		bySum[p.Sum] = append(bySum[p.Sum], strings.TrimSuffix(string(p.Address), "/"))
		if last != nil && Published(last) && last.Title != p.Title {
			byTitle[p.Title] = append(byTitle[p.Title], string(p.Address))
		}
	}
	if where := most(bySum, manySame); where != nil {
		return guard.NewViolation(SamePage, where, "%s the same, byte for byte, as when a CMS answers with one page for all", text.Plural(len(where), "page is", "pages are"))
	}
	if where := most(byTitle, 3); where != nil {
		return guard.NewViolation(SamePage, where, "%s the same title now, and had others before, as when a CMS is under maintenance", text.Plural(len(where), "page has", "pages have"))
	}
	return nil
}

// most are the largest of some sets of addresses, if it has at least so many.
func most(sets map[string][]string, least int) []string {
	var found []string
	for key, where := range sets {
		slices.Sort(where)
		where = slices.Compact(where)
		if len(where) < least || key == "" {
			continue
		}
		if len(where) > len(found) || len(where) == len(found) && where[0] < found[0] {
			found = where
		}
	}
	return found
}

// lost reports too many pages that were there before.
func (v *verdict) lost() *guard.Violation {
	var gone []string
	pages := 0
	now := map[string]bool{}
	for _, p := range v.in.Pages {
		if Published(p) || IsRedirect(p) {
			now[string(p.Address)] = true
		}
	}
	for _, p := range v.in.Last {
		if !Published(p) || !isPage(p) || p.Address == v.in.Missing {
			continue
		}
		if pages++; !now[string(p.Address)] {
			gone = append(gone, string(p.Address))
		}
	}
	share := v.in.Limits.MaxLost
	if share == 0 {
		share = 0.1
	}
	if len(gone) <= 5 || float64(len(gone)) <= share*float64(pages) {
		return nil
	}
	return guard.NewViolation(LostPages, gone, "%d of the last bake's %d pages are gone (limit: %.0f %%)", len(gone), pages, share*100)
}

// listed reports pages that the CMS itself lists, and does not have: a few were deleted
// just now, many are a CMS that is not well.
func (v *verdict) listed() *guard.Violation {
	var missing []string
	all := 0
	for _, p := range v.in.Pages {
		if !slices.ContainsFunc(p.Sources, func(s state.Source) bool {
			return s.Kind == state.Sitemap || strings.HasPrefix(s.Kind, "WordPress ") || s.Kind == state.Extra
		}) {
			continue
		}
		if all++; dead(p) {
			missing = append(missing, fmt.Sprintf("%s (%d)", p.Address, p.Status))
		}
	}
	if len(missing) <= 5 || len(missing)*100 <= all {
		return nil
	}
	return guard.NewViolation(ListedPages, missing, "the CMS lists %d pages, and lacks %d of them", all, len(missing))
}
