package figures

import (
	"strings"
	"time"
)

// Set is the figures of one run, at an instant.
type Set struct {
	// Site and Environment are where it was released to; Environment may be "".
	Site, Environment string
	// Outcome is the run's outcome.
	Outcome string
	At      time.Time
	Figures []Figure
}

// Figure is one number. Its labels have few values: none holds the number of a release.
type Figure struct {
	// Name is lower-case words joined by _, such as step_duration.
	Name string
	// Help says what it is, in a sentence.
	Help  string
	Unit  Unit
	Value float64
	// Step is the step that it belongs to; "" for the whole run.
	Step string
}

// Unit is the unit of a figure.
type Unit string

// The units. Instant is seconds since the epoch.
const (
	Seconds Unit = "seconds"
	Bytes   Unit = "bytes"
	Count   Unit = "count"
	Instant Unit = "instant"
)

// Described are all figures that a run may have, with their descriptions: docs/action.md
// lists them.
var Described = []Figure{
	{Name: "duration", Unit: Seconds, Help: "From the run's first step until its figures were sent."},
	{Name: "step_duration", Unit: Seconds, Help: "How long a step took; none for steps with nothing to do."},
	{Name: "succeeded", Unit: Count, Help: "1 if the release is live, else 0."},
	{Name: "requests_served", Unit: Count, Help: "Requests that the release serves."},
	{Name: "pages", Unit: Count, Help: "Pages of the site."},
	{Name: "files", Unit: Count, Help: "Files of the site."},
	{Name: "size", Unit: Bytes, Help: "Size of the site."},
	{Name: "files_uploaded", Unit: Count, Help: "Files that were sent."},
	{Name: "size_uploaded", Unit: Bytes, Help: "Bytes that were sent."},
	{Name: "files_deleted", Unit: Count, Help: "Files that were deleted."},
	{Name: "files_unchanged", Unit: Count, Help: "Files that were as they had been."},
	{Name: "cdn_duration", Unit: Seconds, Help: "How long it took to tell the CDN."},
	{Name: "cdn_purged", Unit: Count, Help: "Tags, addresses and prefixes that the CDN was told to forget."},
	{Name: "cdn_pending", Unit: Count, Help: "1 if the CDN may still show what was replaced, else 0."},
	{Name: "attempts", Unit: Count, Help: "Releases since the last success, this one among them."},
	{Name: "interval", Unit: Seconds, Help: "From the release that was live before until this one was."},
	{Name: "since_last_success", Unit: Seconds, Help: "Since the last release went live; 0 when this one did."},
	{Name: "last_success_timestamp", Unit: Instant, Help: "When this release went live, in seconds since the epoch; none for one that did not."},
}

// Add adds a figure. It panics if Described does not have it.
func (s *Set) Add(name string, value float64) { s.add(name, "", value) }

// AddStep adds how long a step took.
func (s *Set) AddStep(step string, seconds float64) { s.add("step_duration", step, seconds) }

func (s *Set) add(name, step string, value float64) {
	for _, f := range Described {
		if f.Name == name {
			f.Value, f.Step = value, step
			s.Figures = append(s.Figures, f)
			return
		}
	}
	panic("figures: nothing describes " + name)
}

// label is a name and its value.
type label struct{ name, value string }

// labels are the labels of a figure beside the site, in order.
func (s Set) labels(f Figure) []label {
	var all []label
	if s.Environment != "" {
		all = append(all, label{"environment", s.Environment})
	}
	if f.Step != "" {
		all = append(all, label{"step", f.Step})
	}
	// Only the duration and the success are queried by outcome; the others are compared
	// from run to run.
	if f.Name == "duration" || f.Name == "succeeded" {
		all = append(all, label{"outcome", s.Outcome})
	}
	return all
}

// dotted is a figure's name for systems whose names have dots.
func (f Figure) dotted() string { return "pressrun.run." + f.Name }

// camel is a figure's name for systems whose names have capitals: StepDuration.
func (f Figure) camel() string {
	var b strings.Builder
	for word := range strings.SplitSeq(f.Name, "_") {
		b.WriteString(strings.ToUpper(word[:1]) + word[1:])
	}
	return b.String()
}
