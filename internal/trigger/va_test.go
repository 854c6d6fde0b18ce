package trigger

import (
	"slices"
	"testing"

	"github.com/pressrun/pressrun/internal/cms"
)

// The content types by which VA.gov's CMS decides (va_gov_content_types in
// https://github.com/department-of-veterans-affairs/va.gov-cms).
var (
	bannerTypes   = []string{"banner", "full_width_banner_alert"}
	facilityTypes = []string{"health_care_local_facility", "vba_facility", "vet_center_cap", "vet_center_outstation", "vet_center"}
	statusFields  = []string{"field_operating_status_facility", "field_operating_status_more_info"}
)

func vaRules(t testing.TB) Rules {
	t.Helper()
	gone := []string{"archived", "unpublished"}
	return compileRules(t, Wait,
		Rule{Name: "banners", Type: bannerTypes, Status: []string{"published"}, Then: Release},
		Rule{Name: "banners that end", Type: bannerTypes, From: []string{"published"}, Status: gone, Then: Release},
		Rule{Name: "facilities", Type: facilityTypes, From: []string{"*"}, Status: []string{"published"}, Expr: "moderated", Then: Release},
		Rule{Name: "operating status", Type: facilityTypes, From: []string{"*"}, Status: []string{"published"}, Fields: statusFields, Then: Release},
		Rule{Name: "operating status of what is archived", Type: facilityTypes, From: []string{"published"}, Status: gone, Fields: statusFields, Then: Release},
	)
}

// vaDecides is VA.gov's decision as its CMS makes it, for an event of a save.
func vaDecides(e cms.Event) bool {
	published, was := e.Status == "published", e.Previous == "published"
	triggering := published || (e.Moderated && was && e.Status == "archived") || (!e.Moderated && was)
	if !triggering {
		return false
	}
	if slices.Contains(bannerTypes, e.Type) {
		return true
	}
	if !slices.Contains(facilityTypes, e.Type) || e.Previous == "" {
		return false
	}
	changed := slices.ContainsFunc(e.Fields, func(f string) bool { return slices.Contains(statusFields, f) })
	return (e.Moderated && published) || changed
}

// TestTheRulesOfVAGovInAllPermutations holds the rules, as a configuration writes
// them, against the decision as VA.gov's code makes it.
func TestTheRulesOfVAGovInAllPermutations(t *testing.T) {
	rules, n := vaRules(t), 0
	for _, kind := range append(append([]string{"page", "nca_facility", ""}, bannerTypes...), facilityTypes...) {
		for _, moderated := range []bool{true, false} {
			states := []string{"published", "unpublished"}
			if moderated {
				states = []string{"draft", "review", "published", "archived"}
			}
			for _, status := range states {
				for _, previous := range append([]string{""}, states...) {
					for _, fields := range [][]string{nil, {"title"}, {statusFields[0]}, {"title", statusFields[1]}} {
						e := cms.Event{Type: kind, Moderated: moderated, Status: status, Previous: previous, Fields: fields, Action: cms.Updated}
						want := Wait
						if vaDecides(e) {
							want = Release
						}
						if got := rules.Decide(e); got.Then != want {
							t.Errorf("%+v: %+v, want %s", e, got, want)
						}
						n++
					}
				}
			}
		}
	}
	if n != 10*4*(4*5+2*3) {
		t.Errorf("%d permutations were tried", n)
	}
}
