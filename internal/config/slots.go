package config

import (
	"maps"
	"slices"
	"strings"

	"github.com/pressrun/pressrun/internal/release"
	"github.com/pressrun/pressrun/internal/slots"
)

// Slots bound how many releases run at a time, of all apps on one ledger. Limits that are
// left out are not set.
type Slots struct {
	// Total is how many releases run at a time in all.
	Total *int `yaml:"total" json:"total,omitempty" jsonschema:"minimum=1,maximum=10000"`
	// ReserveEmergency is how many of the total are for emergencies only.
	ReserveEmergency *int `yaml:"reserve_emergency" json:"reserve_emergency,omitempty" jsonschema:"minimum=0,maximum=9999"`
	// Local is how many run at a time on each machine that builds sites of runner: local.
	Local *int `yaml:"local" json:"local,omitempty" jsonschema:"minimum=1,maximum=10000"`
	// GitHub is how many releases of runner: github run at a time.
	GitHub *int `yaml:"github" json:"github,omitempty" jsonschema:"minimum=1,maximum=10000"`
	// PerInstallation is how many run at a time for each installation of the GitHub App:
	// for the repositories of one account.
	PerInstallation *int `yaml:"per_installation" json:"per_installation,omitempty" jsonschema:"minimum=1,maximum=10000"`
	// PerGroup is how many sites of each group are released at a time.
	PerGroup *int `yaml:"per_group" json:"per_group,omitempty" jsonschema:"minimum=1,maximum=10000"`
	// Groups replace per_group for some groups, by name.
	Groups map[string]int `yaml:"groups" json:"groups,omitempty"`
}

// The lanes that a site may be given.
const (
	LaneProduction = "production"
	LanePreview    = "preview"
)

// mostSlots bounds a limit: more is a mistake.
const mostSlots = 10_000

// Limits are the limits for package slots.
func (s Slots) Limits() slots.Limits {
	return slots.Limits{
		Total: number(s.Total), Reserve: number(s.ReserveEmergency), Local: number(s.Local), GitHub: number(s.GitHub),
		PerInstallation: number(s.PerInstallation), PerGroup: number(s.PerGroup), Groups: maps.Clone(s.Groups),
	}
}

// share says with which sites a site shares slots. GitHub installs an App once on an
// account, so the account names the installation.
func (s Site) share() release.Share {
	share := release.Share{Group: s.Group, Runner: s.Runner, Preview: s.Lane == LanePreview}
	if owner, _, ok := strings.Cut(s.GitHub.Repository, "/"); ok && s.Runner == RunnerGitHub {
		share.Installation = strings.ToLower(owner)
	}
	return share
}

func checkSlots(k *checker) {
	s := k.config.Slots
	for _, one := range []struct {
		key string
		is  *int
	}{{"total", s.Total}, {"local", s.Local}, {"github", s.GitHub}, {"per_installation", s.PerInstallation}, {"per_group", s.PerGroup}} {
		if one.is != nil {
			checkSlotsOf(k, "slots."+one.key, *one.is)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(s.Groups)) {
		key := "slots.groups." + name
		if !siteName().MatchString(name) {
			k.wrong(key, "%q is no name of a group; expected small letters, digits and hyphens (at most 63), such as agency-north", name)
			continue
		}
		checkSlotsOf(k, key, s.Groups[name])
	}
	if reserve := s.ReserveEmergency; reserve != nil && k.Has("slots.reserve_emergency") {
		switch {
		case *reserve < 0:
			k.wrong("slots.reserve_emergency", "%d is less than nothing; expected how many slots of the total are for emergencies alone", *reserve)
		case s.Total == nil:
			k.wrong("slots.reserve_emergency", "there is no total of which slots could be kept; expected slots.total beside it")
		case *reserve > 0 && *reserve >= *s.Total:
			k.wrong("slots.reserve_emergency", "%d of %d slots are for emergencies, and nothing else would ever start; expected fewer than slots.total", *reserve, *s.Total)
		}
	}
}

func checkSlotsOf(k *checker, key string, n int) {
	if n < 1 || n > mostSlots {
		k.wrong(key, "%d is no number of releases that may run at a time; expected 1 to %d, or leave it out for no limit", n, mostSlots)
	}
}
