package client

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/pressrun/pressrun/internal/api"
	"github.com/pressrun/pressrun/internal/cli/terminal"
	"github.com/pressrun/pressrun/internal/text"
)

// Show shows a release or a request.
type Show struct {
	AppFlags
	siteFlag
	terminal.OutputFlags
	Addresses bool `help:"Of a release that was baked: print every address and what became of it, as JSON lines."`

	What string `arg:"" name:"number|request" help:"Number of a release, or id of a request."`
}

// Help has the example.
func (Show) Help() string {
	return `Examples:

  pressrun show 128 --site www
  pressrun show 128 --site www --addresses | jq 'select(.outcome == "missing")'
  pressrun show req_0d5vkq3m8vqr2l7e4h1n6t9s --json`
}

// Run shows a release or a request.
func (c *Show) Run(ctx context.Context, t *terminal.Terminal) error {
	client, err := c.ClientIn(t, c.TimeZone)
	if err != nil {
		return err
	}
	number, err := strconv.ParseInt(c.What, 10, 64)
	if (err != nil || number < 1) && c.Addresses {
		return errors.New("--addresses: expected the number of a release")
	}
	if err != nil || number < 1 {
		return c.request(ctx, t, client)
	}
	site, err := c.name(ctx, client)
	if err != nil {
		return err
	}
	if c.Addresses {
		return addresses(ctx, t, client, site, number)
	}
	d, err := client.Release(ctx, site, number)
	if err != nil {
		return err
	}
	p := printer{c.Printer(t)}
	if c.JSON {
		return p.Document(d)
	}
	return p.release(d)
}

func (c *Show) request(ctx context.Context, t *terminal.Terminal, client *api.Client) error {
	r, err := client.Request(ctx, c.What)
	if err != nil {
		return err
	}
	p := printer{c.Printer(t)}
	if c.JSON {
		return p.Document(r)
	}
	return p.request(r)
}

func (p printer) request(r api.Request) error {
	p = p.of(r.TimeZone)
	if err := p.heading(terminal.Bold, fmt.Sprintf("Request %s for %s", r.ID, r.Site), answered(r)); err != nil {
		return err
	}
	var f terminal.Fields
	f.Add("Accepted", p.At(r.AcceptedAt))
	f.Add("From", joined(" ", string(r.Source), r.Actor))
	f.Add("Content", joined(", ", r.Title, r.Entity, r.Link))
	f.Add("Reason", text.OneLine(r.Reason))
	f.Add("Not before", p.When(r.NotBefore))
	f.Add("Expected", p.When(r.ExpectedAt))
	f.Add("Late since", p.When(r.LateSince))
	f.Add("Live since", p.When(r.LiveAt))
	for _, n := range r.Failed {
		f.Add("Failed", fmt.Sprintf("release #%d", n))
	}
	return p.Fields(f)
}

// answered is the short answer and the long one, as far as the app gives them.
func answered(r api.Request) string {
	if r.Answer == "" {
		return r.Text
	}
	return r.Answer + ".\n" + r.Text
}

// joined joins what is not empty.
func joined(with string, parts ...string) string {
	all := ""
	for _, part := range parts {
		if part == "" {
			continue
		}
		if all != "" {
			all += with
		}
		all += text.OneLine(part)
	}
	return all
}

func (p printer) release(d api.ReleaseDetail) error {
	p = p.of(d.TimeZone)
	if _, err := fmt.Fprintf(p.Out, "%s %s\n\n", p.Paint(terminal.Bold, fmt.Sprintf("%s #%d:", text.Plain(d.Site), d.Number)), p.Paint(terminal.StyleOf(outcomeWord(d.Release)), outcomeWord(d.Release))); err != nil {
		return err
	}
	var f terminal.Fields
	f.Add("Why", text.OneLine(d.Why))
	f.Add("Whose fault", string(d.Fault))
	f.Add("By", text.OneLine(d.By))
	if d.Retry > 0 {
		f.Add("Retry of", fmt.Sprintf("#%d", d.Retry))
	}
	if d.Run != nil {
		f.Add("Run", joined(", ", d.Run.ID, fmt.Sprintf("attempt %d", d.Run.Attempt), d.Run.URL))
	}
	f.Add("Note", text.OneLine(note(d.Release)))
	f.Add("Content as of", p.When(d.Watermark))
	if d.Content != nil {
		f.Add("Consistency", string(d.Content.Consistency))
	}
	if d.SameAs > 0 {
		f.Add("Same as", fmt.Sprintf("#%d", d.SameAs))
	}
	f.Add("Serves", text.Count(d.Requests, "request"))
	if err := p.Fields(f); err != nil {
		return err
	}
	sections := []func(api.ReleaseDetail) error{p.times, p.metrics, p.served, p.trail}
	for _, section := range sections {
		if err := section(d); err != nil {
			return err
		}
	}
	return nil
}

func (p printer) times(d api.ReleaseDetail) error {
	steps := []struct {
		name string
		at   *time.Time
	}{
		{"requested", d.Times.Requested},
		{"dispatched", d.Times.Dispatched},
		{"starting", d.Times.Starting},
		{"in progress", d.Times.InProgress},
		{"complete", d.Times.Complete},
		{"ended", d.Times.Ended},
	}
	rows := [][]string{{"STATE", "AT", "AFTER"}}
	var last *time.Time
	for _, s := range steps {
		if s.at != nil {
			rows = append(rows, []string{s.name, p.When(s.at), since(last, s.at)})
			last = s.at
		}
	}
	return p.section(rows)
}

// section is a table below another.
func (p printer) section(rows [][]string, spare ...string) error {
	if _, err := fmt.Fprintln(p.Out); err != nil {
		return err
	}
	return p.Table(rows, spare...)
}

func (p printer) metrics(d api.ReleaseDetail) error {
	m := d.Metrics
	if m == nil {
		return nil
	}
	if len(m.Steps) > 0 {
		rows := [][]string{{"STEP", "RESULT", "TOOK", ""}}
		for _, s := range m.Steps {
			rows = append(rows, []string{s.Name, s.Result, text.Took(time.Duration(s.Seconds * float64(time.Second))), text.OneLine(s.Note)})
		}
		if err := p.section(rows); err != nil {
			return err
		}
	}
	if m.Edge != nil {
		if _, err := fmt.Fprintln(p.Out); err != nil {
			return err
		}
		if err := p.Prose(terminal.Heed, text.OneLine(m.Edge.Words())); err != nil {
			return err
		}
	}
	if err := p.baked(m.Baked); err != nil {
		return err
	}
	if m.Files == 0 {
		return nil // it came to no built site
	}
	if _, err := fmt.Fprintln(p.Out); err != nil {
		return err
	}
	return p.Prose(terminal.Plain, fmt.Sprintf("%s, %s, %s. Uploaded %s (%s), headers only %s, deleted %s, unchanged %s.",
		text.Count(m.Pages, "page"), text.Count(m.Files, "file"), text.Bytes(m.Bytes), text.Number(m.Uploaded), text.Bytes(m.UploadedBytes), text.Number(m.HeadersOnly), text.Number(m.Deleted), text.Number(m.Unchanged)))
}

func (p printer) served(d api.ReleaseDetail) error {
	if len(d.Served) == 0 {
		return nil
	}
	rows := [][]string{{"REQUEST", "ACCEPTED", "FROM", "CONTENT", "REASON"}}
	for _, r := range d.Served {
		rows = append(rows, []string{r.ID, p.At(r.AcceptedAt), joined(" ", string(r.Source), r.Actor), joined(", ", r.Title, r.Entity), text.OneLine(r.Reason)})
	}
	if err := p.section(rows, "ACCEPTED"); err != nil {
		return err
	}
	if more := d.Requests - int64(len(d.Served)); more > 0 {
		_, err := fmt.Fprintf(p.Out, "and %d more\n", more)
		return err
	}
	return nil
}

func (p printer) trail(d api.ReleaseDetail) error {
	if len(d.Events) == 0 {
		return nil
	}
	rows := [][]string{{"AT", "EVENT", "BY", "WHY"}}
	for _, e := range d.Events {
		rows = append(rows, []string{p.At(e.At), e.Kind, text.OneLine(e.By), text.OneLine(e.Why)})
	}
	return p.section(rows)
}
