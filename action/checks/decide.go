// Package checks decides whether the checks of a commit let a release begin, and asks
// GitHub for them.
package checks

import (
	"cmp"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"
)

// State is the state of a check.
type State int

// The states. Green: it passed, was skipped or is neutral.
const (
	Pending State = iota
	Green
	Red
)

// Check is a check run or a commit status of GitHub's.
type Check struct {
	Name string
	// App is the app that made it: github-actions for a job of a workflow, "" for a status.
	App   string
	State State
	// Word is GitHub's own for the state: in_progress, failure, timed_out.
	Word string
	// Run is the workflow run that it is a job of; "" for none.
	Run string
	At  time.Time // when it began
}

// Rules say for which checks a release waits, and how long.
type Rules struct {
	// Names are those of the checks, with * for any text; a name with ! before it excludes
	// checks.
	Names []string
	// RedWaits has the release wait when a check is red, for somebody to run it again; else
	// the release ends at once.
	RedWaits bool
	// MissingGoes has the release go on at Grace without a check that has not begun; else
	// it waits for the check until Ends.
	MissingGoes bool
	Grace, Ends time.Time
}

// ParseNames reads the names of checks: a line each or, in one line, with commas between.
func ParseNames(text string) []string {
	separator := ","
	if strings.Contains(strings.TrimSpace(text), "\n") {
		separator = "\n" // GitHub's own names of jobs in a matrix have commas
	}
	var names []string
	for name := range strings.SplitSeq(text, separator) {
		if name = strings.TrimSpace(name); name != "" {
			names = append(names, name)
		}
	}
	return names
}

// Verdict says whether the release waits, goes on or ends.
type Verdict int

// The verdicts.
const (
	Wait Verdict = iota
	Go
	Stop
)

// Decision is a verdict, and why. Red says that a check failed, rather than that the
// time is over.
type Decision struct {
	Verdict Verdict
	Why     string
	Red     bool
}

// Decide judges the checks of a commit at an instant.
func Decide(all []Check, rules Rules, now time.Time) Decision {
	chosen, missing := choose(all, rules.Names)
	var red, pending []string
	for _, c := range chosen {
		switch c.State {
		case Red:
			red = append(red, named(c))
		case Pending:
			pending = append(pending, named(c))
		case Green:
		}
	}
	if rules.MissingGoes && !now.Before(rules.Grace) {
		missing = nil
	}
	over := !now.Before(rules.Ends)
	switch {
	case len(red) > 0 && (over || !rules.RedWaits):
		return Decision{Stop, "checks of the commit are red: " + list(red), true}
	case len(red)+len(pending)+len(missing) == 0:
		return Decision{Verdict: Go, Why: fmt.Sprintf("%d checks of the commit are green", len(chosen))}
	}
	var why []string
	for _, part := range []struct {
		words string
		names []string
	}{{"red: ", red}, {"not done: ", pending}, {"not begun: ", missing}} {
		if len(part.names) > 0 {
			why = append(why, part.words+list(part.names))
		}
	}
	d := Decision{Verdict: Wait, Why: "checks of the commit are " + strings.Join(why, "; ")}
	if over {
		d.Verdict = Stop
	}
	return d
}

func named(c Check) string { return fmt.Sprintf("%s (%s)", c.Name, c.Word) }

// most bounds the checks that a message names.
const most = 5

func list(names []string) string {
	if more := len(names) - most; more > 0 {
		return strings.Join(names[:most], ", ") + fmt.Sprintf(" and %d more", more)
	}
	return strings.Join(names, ", ")
}

// choose gives the checks that match the names, sorted, and the names that match none.
func choose(all []Check, names []string) (chosen []Check, missing []string) {
	var without []*regexp.Regexp
	for _, name := range names {
		if out, ok := strings.CutPrefix(name, "!"); ok {
			without = append(without, pattern(out))
		}
	}
	taken := map[int]bool{}
	for _, name := range names {
		if strings.HasPrefix(name, "!") {
			continue
		}
		found, p := false, pattern(name)
		for i, c := range all {
			if !p.MatchString(c.Name) || slices.ContainsFunc(without, func(w *regexp.Regexp) bool { return w.MatchString(c.Name) }) {
				continue
			}
			found, taken[i] = true, true
		}
		if !found {
			missing = append(missing, name)
		}
	}
	for i, c := range all {
		if taken[i] {
			chosen = append(chosen, c)
		}
	}
	slices.SortStableFunc(chosen, func(a, b Check) int { return cmp.Compare(a.Name, b.Name) })
	return chosen, missing
}

// pattern is a name with * for any text, slashes too.
func pattern(name string) *regexp.Regexp {
	parts := strings.Split(name, "*")
	for i, part := range parts {
		parts[i] = regexp.QuoteMeta(part)
	}
	return regexp.MustCompile("^(?s:" + strings.Join(parts, ".*") + ")$")
}

// Others are the newest checks of each name and app, without those of a workflow run: its
// own jobs end only after this step, and the jobs of its earlier runs, which have the same
// names, may have failed.
func Others(all []Check, run string) []Check {
	type key struct{ app, name string }
	own, newest := map[key]bool{}, map[key]Check{}
	for _, c := range all {
		k := key{c.App, c.Name}
		if run != "" && c.Run == run {
			own[k] = true
		}
		if seen, ok := newest[k]; !ok || !c.At.Before(seen.At) {
			newest[k] = c
		}
	}
	var others []Check
	for k, c := range newest {
		if !own[k] {
			others = append(others, c)
		}
	}
	slices.SortFunc(others, func(a, b Check) int { return cmp.Or(cmp.Compare(a.Name, b.Name), cmp.Compare(a.App, b.App)) })
	return others
}
