package config

import (
	"cmp"
	"fmt"
	"path/filepath"
	"time"

	"github.com/pressrun/pressrun/internal/retention"
)

// Keep says how much history is kept. History is exported to a file before it is removed.
type Keep struct {
	// Days is how long releases, the requests that they served and the audit trail are
	// kept; 0 for ever. Less than 30 is refused.
	Days *int `yaml:"days" json:"days,omitempty" jsonschema:"minimum=0,maximum=36500,default=400"`
	// Releases is how many releases of a site are kept however old: the newest.
	Releases *int `yaml:"releases" json:"releases,omitempty" jsonschema:"minimum=10,maximum=100000,default=200"`
	// HookDays is how long the deliveries of hooks are kept, at most the newest 1000 of a
	// site; 0 for no limit of age.
	HookDays *int `yaml:"hook_days" json:"hook_days,omitempty" jsonschema:"minimum=0,maximum=36500,default=90"`
	// Outputs is how many outputs of runs are kept for a site with runner: local, and
	// OutputDays how long; 0 days for no limit of age.
	Outputs    *int `yaml:"outputs" json:"outputs,omitempty" jsonschema:"minimum=1,maximum=10000,default=50"`
	OutputDays *int `yaml:"output_days" json:"output_days,omitempty" jsonschema:"minimum=0,maximum=36500,default=90"`
	// Export is the folder of the files of JSON lines with the removed history; removed
	// in the state folder when left out.
	Export string `yaml:"export" json:"export,omitempty"`
}

// The defaults of Keep.
const (
	defaultKeepDays     = 400
	defaultKeepReleases = 200
	defaultHookDays     = 90
	defaultOutputs      = 50
	defaultOutputDays   = 90
	defaultExport       = "removed"
)

// leastDays is the least age at which history is removed: a clock that is wrong by a few
// days must not remove any.
const leastDays = 30

func (k Keep) withDefaults(folder, state string) Keep {
	k.Days = cmp.Or(k.Days, new(defaultKeepDays))
	k.Releases = cmp.Or(k.Releases, new(defaultKeepReleases))
	k.HookDays = cmp.Or(k.HookDays, new(defaultHookDays))
	k.Outputs = cmp.Or(k.Outputs, new(defaultOutputs))
	k.OutputDays = cmp.Or(k.OutputDays, new(defaultOutputDays))
	if k.Export == "" {
		k.Export = filepath.Join(state, defaultExport)
	}
	k.Export = absolute(folder, k.Export)
	return k
}

// Retention is the policy for removing history.
func (k Keep) Retention() retention.Policy {
	return retention.Policy{For: days(k.Days), Releases: number(k.Releases), HooksFor: days(k.HookDays)}
}

// KeepOutputs is how many outputs of runs are kept, and for how long; 0 for no limit.
func (k Keep) KeepOutputs() (count int, age time.Duration) {
	return number(k.Outputs), days(k.OutputDays)
}

func number(n *int) int {
	if n == nil {
		return 0
	}
	return *n
}

func days(n *int) time.Duration { return time.Duration(number(n)) * 24 * time.Hour }

func checkKeep(k *checker) {
	keep := k.config.Keep
	for _, one := range []struct {
		key         string
		is          *int
		zero        bool
		least, most int
		what        string
	}{
		{"days", keep.Days, true, leastDays, 36500, "days"},
		{"hook_days", keep.HookDays, true, 1, 36500, "days"},
		{"output_days", keep.OutputDays, true, 1, 36500, "days"},
		{"releases", keep.Releases, false, 10, 100_000, "releases"},
		{"outputs", keep.Outputs, false, 1, 10_000, "outputs"},
	} {
		if one.is == nil || one.zero && *one.is == 0 || *one.is >= one.least && *one.is <= one.most {
			continue
		}
		forever := ""
		if one.zero {
			forever = ", or 0 for no limit"
		}
		k.wrong("keep."+one.key, "%d is not what can be kept; expected %s", *one.is, fmt.Sprintf("%d to %d %s%s", one.least, one.most, one.what, forever))
	}
}
