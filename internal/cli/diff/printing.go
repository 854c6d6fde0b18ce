package diff

import (
	"fmt"
	"strings"

	"github.com/pressrun/pressrun/internal/api"
	"github.com/pressrun/pressrun/internal/cli/terminal"
	"github.com/pressrun/pressrun/internal/text"
	"github.com/pressrun/pressrun/internal/worddiff"
)

// document is what the command prints with --json.
type document struct {
	api.Differences
	// Texts are those of the first pages, with --text.
	Texts []api.PageText `json:"texts,omitempty"`
}

func (d document) print(p *terminal.Printer) error {
	if d.Same() {
		_, err := fmt.Fprintf(p.Out, "%s has the same files in both\n", between(d.Site, d.From, d.To))
		return err
	}
	var counts []string
	for _, c := range []struct {
		n    int
		what string
	}{{d.Added, "added"}, {d.Changed, "changed"}, {d.Deleted, "deleted"}} {
		if c.n > 0 {
			counts = append(counts, fmt.Sprintf("%s %s", text.Count(c.n, "page"), c.what))
		}
	}
	if d.OtherFiles > 0 {
		counts = append(counts, text.Count(d.OtherFiles, "other file"))
	}
	if err := p.Prose(terminal.Bold, between(d.Site, d.From, d.To)+": "+strings.Join(counts, ", ")); err != nil {
		return err
	}
	if len(d.Pages) > 0 {
		if _, err := fmt.Fprintln(p.Out); err != nil {
			return err
		}
		rows := [][]string{{"CHANGE", "ADDRESS", "TITLE"}}
		for _, page := range d.Pages {
			rows = append(rows, []string{page.Change, text.OneLine(page.Address), text.OneLine(page.Title)})
		}
		if err := p.Table(rows); err != nil {
			return err
		}
	}
	if d.More > 0 {
		if _, err := fmt.Fprintf(p.Out, "and %d more\n", d.More); err != nil {
			return err
		}
	}
	for _, one := range d.Texts {
		if _, err := fmt.Fprintln(p.Out); err != nil {
			return err
		}
		if err := printText(p, one); err != nil {
			return err
		}
	}
	return nil
}

func between(site string, from, to int64) string {
	if from == 0 {
		return fmt.Sprintf("%s, release %d, the first one", text.OneLine(site), to)
	}
	return fmt.Sprintf("%s, releases %d and %d", text.OneLine(site), from, to)
}

// missing says why there is no text of a page to show.
var missing = map[string]string{
	api.TextNotKept:    "its content is no longer kept at the destination",
	api.TextTooLarge:   "it is too large to be compared",
	api.TextUnreadable: "it is compressed in a way that can't be read",
}

// printText prints an old paragraph above its new one.
func printText(p *terminal.Printer, one api.PageText) error {
	var out strings.Builder
	fmt.Fprintln(&out, p.Paint(terminal.Bold, text.OneLine(fmt.Sprintf("%s %s %s", one.Change, one.Address, one.Title))))
	for _, side := range [][2]string{{"old", one.OldMissing}, {"new", one.NewMissing}} {
		if side[1] != "" {
			fmt.Fprintf(&out, "  the %s text: %s\n", side[0], missing[side[1]])
		}
	}
	if one.Change == api.PageChanged && one.OldMissing+one.NewMissing == "" && len(one.Rows) == 0 {
		fmt.Fprintln(&out, "  the text is the same; only the markup differs")
	}
	for _, row := range one.Rows {
		switch worddiff.Change(row.Change) {
		case worddiff.Skipped:
			fmt.Fprintf(&out, "  … %s\n", text.Count(row.Skipped, "paragraph"))
		case worddiff.Same:
			fmt.Fprintf(&out, "  %s\n", line(p, row.New, terminal.Plain, "", ""))
		case worddiff.Added, worddiff.Changed, worddiff.Deleted:
			if row.Old != nil {
				fmt.Fprintf(&out, "- %s\n", line(p, row.Old, terminal.Bad, "[-", "-]"))
			}
			if row.New != nil {
				fmt.Fprintf(&out, "+ %s\n", line(p, row.New, terminal.Good, "{+", "+}"))
			}
		}
	}
	_, err := fmt.Fprint(p.Out, out.String())
	return err
}

func line(p *terminal.Printer, spans []api.TextSpan, style terminal.Style, open, shut string) string {
	var out strings.Builder
	for _, s := range spans {
		plain := text.Plain(s.Text) // a paragraph is one line, and blanks at the ends of a part count
		if s.Marked {
			plain = p.Paint(style, open+plain+shut)
		}
		out.WriteString(plain)
	}
	return out.String()
}
