package summary

import (
	"fmt"
	"html"
	"strings"
	"time"

	"github.com/pressrun/pressrun/action/state"
	"github.com/pressrun/pressrun/action/workflow"
	"github.com/pressrun/pressrun/internal/api"
	"github.com/pressrun/pressrun/internal/text"
)

// Markdown is the job's summary: the release, the changes, and how long each step took.
// titles are those of some served requests. Text from a CMS is escaped.
func (r Summary) Markdown(titles []string) string {
	var b strings.Builder
	name := r.Site
	if name == "" {
		name = "site"
	}
	fmt.Fprintf(&b, "## %s", escape(name))
	if r.Release > 0 {
		fmt.Fprintf(&b, " #%d", r.Release)
	}
	fmt.Fprintf(&b, ": %s\n\n", headline(r))
	if r.Why != "" {
		fmt.Fprintf(&b, "%s\n\n", escape(r.Why))
	}
	if r.Outcome.Idle() {
		return b.String()
	}
	if len(titles) > 0 {
		fmt.Fprintf(&b, "Serves %s:\n\n", text.Count(r.Served, "request"))
		for _, t := range titles {
			fmt.Fprintf(&b, "- %s\n", escape(t))
		}
		b.WriteString("\n")
	}
	b.WriteString(contentLine(r.Content))
	if m := r.Metrics; m.Files > 0 {
		fmt.Fprintf(&b, "| pages | files | size | sent | deleted | unchanged |\n|--:|--:|--:|--:|--:|--:|\n| %d | %d | %s | %d (%s) | %d | %d |\n\n",
			m.Pages, m.Files, text.Bytes(m.Bytes), m.Uploaded, text.Bytes(m.UploadedBytes), m.Deleted, m.Unchanged)
	}
	b.WriteString(cdnLine(r.Metrics.Edge))
	b.WriteString(chart(r.Metrics.Steps))
	if len(r.Unsent) > 0 {
		b.WriteString("The figures were not sent everywhere. The release is as it is all the same:\n\n")
		for _, trouble := range r.Unsent {
			fmt.Fprintf(&b, "- %s\n", escape(trouble))
		}
	}
	return b.String()
}

func headline(r Summary) string {
	switch r.Outcome {
	case state.OutcomeLive:
		return "live"
	case state.OutcomeEdgePending:
		return "live at the origin, edge pending"
	case state.OutcomeDone:
		return "done"
	case state.OutcomeDuplicate, state.OutcomeNothing:
		return "nothing to do"
	case state.OutcomeCancelled:
		return "cancelled"
	case state.OutcomeTakenAway:
		return "taken away"
	case state.OutcomeNotReady:
		return "not ready in time"
	case state.OutcomeFailed:
		return "failed"
	}
	return string(r.Outcome)
}

// contentLine describes the copy of the content that the build read.
func contentLine(c *state.Content) string {
	if c == nil {
		return ""
	}
	return fmt.Sprintf("Content: %s as of %s (%d added, %d changed, %d removed). Consistency: %s.\n\n",
		text.Count(c.Records, "record"), c.Watermark.UTC().Format(time.RFC3339), c.Added, c.Changed, c.Removed, escape(c.Consistency.InWords()))
}

// cdnLine describes the state of the CDN.
func cdnLine(e *api.Edge) string {
	switch {
	case e == nil:
		return ""
	case e.State == api.EdgePending:
		return "The CDN may still show what was replaced. The release is live all the same; `pressrun invalidate` finishes it.\n\n"
	case e.State == api.EdgeCurrent:
		return fmt.Sprintf("CDN %s: it held nothing that changed.\n\n", escape(e.CDN))
	}
	took := time.Duration(e.Seconds * float64(time.Second)).Round(10 * time.Millisecond)
	return fmt.Sprintf("CDN %s: purged, %s in %s.\n\n", escape(e.CDN), text.Count(e.Purged, "item"), took)
}

// chart shows the steps' times as bars of text.
func chart(steps []state.StepTime) string {
	longest := 0.0
	for _, s := range steps {
		longest = max(longest, s.Seconds)
	}
	if longest == 0 {
		return ""
	}
	var b strings.Builder
	b.WriteString("| step | result | time | |\n|--|--|--:|--|\n")
	for _, s := range steps {
		if s.Result == "skipped" {
			continue
		}
		took := time.Duration(s.Seconds * float64(time.Second)).Round(10 * time.Millisecond)
		bar := strings.Repeat("█", int(s.Seconds/longest*30))
		fmt.Fprintf(&b, "| %s | %s | %s | `%s` |\n", s.Name, s.Result, took, bar+"▏")
	}
	return b.String() + "\n"
}

// markup are the characters with a meaning in Markdown or at GitHub: links, mentions,
// references, tables.
const markup = "\\`*_{}[]()#+-.!|~<>&@:/\"'="

// escape makes any text plain text in Markdown.
func escape(words string) string {
	var b strings.Builder
	for _, r := range workflow.Line(words) {
		switch {
		case strings.ContainsRune("<>&\"'", r):
			b.WriteString(html.EscapeString(string(r)))
		case strings.ContainsRune("@#:/", r):
			// An entity is not taken for a mention, a reference or an address.
			fmt.Fprintf(&b, "&#%d;", r)
		case strings.ContainsRune(markup, r):
			b.WriteRune('\\')
			b.WriteRune(r)
		default:
			b.WriteRune(r)
		}
	}
	return b.String()
}
