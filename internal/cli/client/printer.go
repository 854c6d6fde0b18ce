package client

import (
	"fmt"
	"strings"
	"time"

	"github.com/pressrun/pressrun/internal/api"
	"github.com/pressrun/pressrun/internal/cli/terminal"
	"github.com/pressrun/pressrun/internal/release"
	"github.com/pressrun/pressrun/internal/text"
)

// printer prints what the app answers, for people.
type printer struct{ *terminal.Printer }

// of is the printer for a site, in its time zone.
func (p printer) of(zone string) printer { return printer{p.In(zone)} }

// heading prints a title and a summary.
func (p printer) heading(s terminal.Style, title, sentences string) error {
	if _, err := fmt.Fprintln(p.Out, p.Paint(s, text.OneLine(title))); err != nil {
		return err
	}
	if err := p.Prose(terminal.Plain, sentences); err != nil {
		return err
	}
	_, err := fmt.Fprintln(p.Out)
	return err
}

// StateWord names a state for people.
func StateWord(s release.State) string { return strings.ReplaceAll(string(s), "_", " ") }

// outcomeWord is how a release ended, or its state until then.
func outcomeWord(r api.Release) string {
	if r.Outcome == "" {
		return StateWord(r.State)
	}
	return string(r.Outcome)
}

// spent is how long a release took from its dispatch until it was live, or
// ended.
func spent(r api.Release) string {
	span, known := spentOn(r)
	if !known {
		return ""
	}
	return text.Took(span)
}

func spentOn(r api.Release) (span time.Duration, known bool) {
	from, to := r.Times.Dispatched, r.Times.Complete
	if to == nil {
		to = r.Times.Ended
	}
	if from == nil {
		from = r.Times.Starting
	}
	if from == nil || to == nil {
		return 0, false
	}
	return to.Sub(*from), true
}

// releaseLine sums a release up in a line.
func (p printer) releaseLine(r *api.Release) string {
	if r == nil {
		return ""
	}
	line := fmt.Sprintf("#%d %s", r.Number, outcomeWord(*r))
	switch {
	case r.Outcome == release.Succeeded && r.Times.Complete != nil:
		line += ", live since " + p.At(*r.Times.Complete)
	case r.LateSince != nil:
		line += ", late since " + p.At(*r.LateSince)
	case r.Times.Ended != nil:
		line += " at " + p.At(*r.Times.Ended)
	}
	line += ", " + text.Count(r.Requests, "request")
	if r.Late && r.LateSince == nil {
		line += ", late"
	}
	for _, more := range []string{r.Why, note(*r)} {
		if more != "" {
			line += ", " + text.OneLine(more)
		}
	}
	return line
}

// note is what the run last said it was doing, unless that is told already by
// why the release ended: a step that gives up ends with what it waited for.
func note(r api.Release) string {
	_, said, found := strings.Cut(r.Note, ": ")
	if strings.Contains(r.Why, r.Note) || found && strings.Contains(r.Why, said) {
		return ""
	}
	return r.Note
}

// since is the time between two instants, when both are known.
func since(from, to *time.Time) string {
	if from == nil || to == nil {
		return ""
	}
	return text.Took(to.Sub(*from))
}
