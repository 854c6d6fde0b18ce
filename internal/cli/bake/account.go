package bake

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/pressrun/pressrun/internal/bake/judge"
	"github.com/pressrun/pressrun/internal/cli/terminal"
	"github.com/pressrun/pressrun/internal/text"
)

// printAccount prints an account for people.
func printAccount(p *terminal.Printer, a judge.Account, list string) error {
	if _, err := fmt.Fprintln(p.Out, text.OneLine(headline(a))); err != nil {
		return err
	}
	rows := terminal.Fields{}
	rows.Add("asked for", fmt.Sprintf("%s, %s (%s: %s)", text.Plural(a.Requests, "address", "addresses"), text.Bytes(a.Bytes), a.Mode, a.Because))
	c := a.Counts
	rows.Add("consistency", a.Consistency+": "+a.ConsistencyBecause)
	rows.Add("in the output", fmt.Sprintf("%s, of them %s (%d new, %d changed)", text.Count(c.Files, "file"), text.Count(c.Pages, "page"), c.New, c.Changed))
	for _, row := range []struct {
		name string
		n    int
		note string
	}{
		{"redirects", c.Redirects, ""},
		{"not asked for", c.Skipped, "nothing says that they changed; last known to be right " + p.At(a.Oldest)},
		{"kept as they were", c.Stale, "the CMS gave no answer"},
		{"gone", c.Gone, "in the last bake, and no more at the CMS"},
		{"missing", c.Missing, "something names them, and the CMS does not have them"},
		{"unreachable", c.Unreachable, "no answer, and no old bytes"},
		{"can't be published", c.Bad, ""},
		{"left out", c.LeftOut, "excluded, or with a query that nobody knows"},
	} {
		if row.n == 0 {
			continue
		}
		value := text.Number(row.n)
		if row.note != "" {
			value += ": " + row.note
		}
		rows.Add(row.name, value)
	}
	if len(a.Queries) > 0 {
		rows.Add("queries left out", queries(a.Queries))
	}
	for _, v := range a.LetPass {
		rows.Add("let pass", v.Name+": "+v.Detail)
	}
	for _, note := range a.Notes {
		rows.Add("note", note)
	}
	rows.Add("took", text.Took(time.Duration(a.Seconds*float64(time.Second))))
	if err := p.Fields(rows); err != nil {
		return err
	}
	return printAddresses(p, a, list)
}

func headline(a judge.Account) string {
	resumed := ""
	if a.Resumed {
		resumed = ", going on where a killed one was"
	}
	switch {
	case len(a.Refused) > 0:
		return fmt.Sprintf("%s was not baked: %s is as it was", a.Origin, a.Output)
	case a.DryRun:
		return fmt.Sprintf("dry run: %s would be baked into %s", a.Origin, a.Output)
	case a.Unchanged:
		return fmt.Sprintf("%s is as it was, and so is %s%s", a.Origin, a.Output, resumed)
	}
	return fmt.Sprintf("baked %s into %s%s", a.Origin, a.Output, resumed)
}

func queries(counts map[string]int) string {
	names := slices.SortedFunc(maps.Keys(counts), func(a, b string) int {
		return cmp.Or(cmp.Compare(counts[b], counts[a]), cmp.Compare(a, b))
	})
	var out []string
	for _, n := range names[:min(len(names), 8)] {
		out = append(out, fmt.Sprintf("?%s (%d)", n, counts[n]))
	}
	return strings.Join(out, ", ")
}

// mostListed bounds how many addresses the text lists; JSON has all.
const mostListed = 40

func printAddresses(p *terminal.Printer, a judge.Account, list string) error {
	rows := [][]string{{"ADDRESS", "OUTCOME", "KNOWN FROM", "WHY"}}
	left := 0
	for _, l := range a.Addresses {
		if list == "none" || list == "problems" && !problem(l) {
			continue
		}
		if list == "problems" && len(rows) > mostListed {
			left++
			continue
		}
		rows = append(rows, []string{string(l.Address), string(l.Outcome), known(l), cmp.Or(l.Why, l.To, l.File)})
	}
	if len(rows) == 1 {
		return nil
	}
	if err := p.Table(rows); err != nil || left == 0 {
		return err
	}
	_, err := fmt.Fprintf(p.Out, "and %s more: --list all, --json or --account FILE has all\n", text.Number(left))
	return err
}

func problem(l judge.Line) bool {
	switch l.Outcome {
	case judge.Stale, judge.Gone, judge.Missing, judge.Unreachable, judge.Bad:
		return true
	case judge.Baked, judge.Skipped, judge.Redirects, judge.NoPage, judge.LeftOut:
	}
	return false
}

func known(l judge.Line) string {
	if len(l.Known) == 0 {
		return ""
	}
	s := l.Known[0]
	if s.From == "" {
		return s.Kind
	}
	return s.Kind + " " + string(s.From)
}
