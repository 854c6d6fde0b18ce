package client

import (
	"context"
	"fmt"
	"strings"

	"github.com/pressrun/pressrun/internal/api"
	"github.com/pressrun/pressrun/internal/cli/terminal"
	"github.com/pressrun/pressrun/internal/text"
)

// Schedule shows when a site asks for releases by itself.
type Schedule struct {
	AppFlags
	siteFlag
	terminal.OutputFlags
	Next int `default:"20" placeholder:"N" help:"How many times, at most 200 (default ${default})."`
}

// Help has the example.
func (Schedule) Help() string {
	return `Times are those of each schedule's own zone, unless --time-zone names another.

Examples:

  pressrun schedule --site www --next 5
  pressrun schedule --json | jq -r '.slots[0].at'`
}

// Validate refuses what the app would refuse.
func (c *Schedule) Validate() error {
	if c.Next < 1 || c.Next > 200 {
		return fmt.Errorf("--next: %d is not from 1 to 200", c.Next)
	}
	return c.OutputFlags.Validate()
}

// Run shows when a site asks by itself.
func (c *Schedule) Run(ctx context.Context, t *terminal.Terminal) error {
	ask := ofSite(ctx, c.siteFlag, func(client *api.Client, site string) (api.Schedule, error) {
		return client.Schedule(ctx, site, c.Next)
	})
	return Answer(t, c.AppFlags, c.OutputFlags, ask, func(p *terminal.Printer, s api.Schedule) error { return printer{p}.schedule(s) })
}

func (p printer) schedule(s api.Schedule) error {
	if len(s.Rules) == 0 {
		_, err := fmt.Fprintf(p.Out, "%s has no schedules: it is released when somebody asks.\n", text.Plain(s.Site))
		return err
	}
	rules := [][]string{{"SCHEDULE", "ASKS", "ZONE", "NOW"}}
	for _, r := range s.Rules {
		now := ""
		if r.OpenUntil != nil {
			now = "open until " + p.In(r.TimeZone).When(r.OpenUntil)
		}
		rules = append(rules, []string{text.OneLine(r.Name), text.OneLine(r.When), text.OneLine(r.TimeZone), now})
	}
	zones := map[string]string{}
	for _, r := range s.Rules {
		zones[r.Name] = r.TimeZone
	}
	slots := [][]string{{"NEXT", "SCHEDULE", "FROZEN"}}
	for _, slot := range s.Slots {
		frozen := ""
		if slot.Frozen != nil {
			frozen = "until " + p.In(zones[slot.Schedule]).At(slot.Frozen.To) + ": " + text.OneLine(slot.Frozen.Why)
		}
		next := slot.Local
		if p.Asked {
			next = slot.At.In(p.Zone).Format("Mon 2 Jan 2006, 15:04 MST")
		}
		slots = append(slots, []string{text.OneLine(next), text.OneLine(slot.Schedule), frozen})
	}
	holidays := [][]string{{"HOLIDAY", "NAME", "RESTS"}}
	for _, h := range s.Holidays {
		holidays = append(holidays, []string{text.OneLine(h.Date), text.OneLine(h.Name), text.OneLine(strings.Join(h.Schedules, ", "))})
	}
	for i, table := range [][][]string{rules, slots, holidays} {
		if len(table) == 1 {
			continue
		}
		if i > 0 {
			if _, err := fmt.Fprintln(p.Out); err != nil {
				return err
			}
		}
		if err := p.Table(table); err != nil {
			return err
		}
	}
	return nil
}
