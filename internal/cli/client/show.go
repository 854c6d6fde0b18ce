package main

import (
	"context"
	"fmt"
	"strconv"
	"time"

	"github.com/pressrun/pressrun/internal/api"
)

type showCmd struct {
	appFlags
	siteFlag
	outputFlags
	What string `arg:"" name:"number|request" help:"Number of a release, or id of a request."`
}

// Help has the example.
func (showCmd) Help() string {
	return `Examples:

  pressrun show 128 --site www
  pressrun show req_0d5vkq3m8vqr2l7e4h1n6t9s --json`
}

// Run shows a release or a request.
func (c *showCmd) Run(ctx context.Context, t *terminal) error {
	client, err := c.client()
	if err != nil {
		return err
	}
	number, err := strconv.ParseInt(c.What, 10, 64)
	if err != nil || number < 1 {
		return c.request(ctx, t, client)
	}
	site, err := c.name(ctx, client)
	if err != nil {
		return err
	}
	d, err := client.Release(ctx, site, number)
	if err != nil {
		return err
	}
	p := c.printer(t)
	if c.JSON {
		return p.document(d)
	}
	return p.release(d)
}

func (c *showCmd) request(ctx context.Context, t *terminal, client *api.Client) error {
	r, err := client.Request(ctx, c.What)
	if err != nil {
		return err
	}
	p := c.printer(t)
	if c.JSON {
		return p.document(r)
	}
	return p.request(r)
}

func (p *printer) request(r api.Request) error {
	if _, err := fmt.Fprintf(p.out, "Request %s for %s\n%s\n\n", plain(r.ID), plain(r.Site), plain(r.Text)); err != nil {
		return err
	}
	var f fields
	f.add("Accepted", p.at(r.AcceptedAt))
	f.add("From", joined(" ", string(r.Source), r.Actor))
	f.add("Content", joined(", ", r.Title, r.Entity, r.Link))
	f.add("Reason", oneLine(r.Reason))
	f.add("Not before", p.when(r.NotBefore))
	f.add("Expected", p.when(r.ExpectedAt))
	f.add("Live since", p.when(r.LiveAt))
	for _, n := range r.Failed {
		f.add("Failed", fmt.Sprintf("release #%d", n))
	}
	return p.table(f)
}

// joined joins what is not empty.
func joined(with string, parts ...string) string {
	text := ""
	for _, part := range parts {
		if part == "" {
			continue
		}
		if text != "" {
			text += with
		}
		text += oneLine(part)
	}
	return text
}

func (p *printer) release(d api.ReleaseDetail) error {
	if _, err := fmt.Fprintf(p.out, "%s #%d: %s\n\n", plain(d.Site), d.Number, outcomeWord(d.Release)); err != nil {
		return err
	}
	var f fields
	f.add("Why", oneLine(d.Why))
	f.add("Whose fault", string(d.Fault))
	f.add("By", oneLine(d.By))
	if d.Retry > 0 {
		f.add("Retry of", fmt.Sprintf("#%d", d.Retry))
	}
	if d.Run != nil {
		f.add("Run", joined(", ", d.Run.ID, fmt.Sprintf("attempt %d", d.Run.Attempt), d.Run.URL))
	}
	f.add("Note", oneLine(note(d.Release)))
	f.add("Content as of", p.when(d.Watermark))
	f.add("Serves", plural(d.Requests, "request"))
	if err := p.table(f); err != nil {
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

func (p *printer) times(d api.ReleaseDetail) error {
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
	rows := [][]string{{"", ""}, {"STATE", "AT", "AFTER"}}
	var last *time.Time
	for _, s := range steps {
		if s.at != nil {
			rows = append(rows, []string{s.name, p.when(s.at), since(last, s.at)})
			last = s.at
		}
	}
	return p.table(rows)
}

func (p *printer) metrics(d api.ReleaseDetail) error {
	m := d.Metrics
	if m == nil {
		return nil
	}
	if len(m.Steps) > 0 {
		rows := [][]string{{"", ""}, {"STEP", "RESULT", "TOOK", ""}}
		for _, s := range m.Steps {
			rows = append(rows, []string{s.Name, s.Result, took(time.Duration(s.Seconds * float64(time.Second))), oneLine(s.Note)})
		}
		if err := p.table(rows); err != nil {
			return err
		}
	}
	if m.Edge != nil {
		if _, err := fmt.Fprintf(p.out, "\n%s\n", oneLine(m.Edge.Words())); err != nil {
			return err
		}
	}
	if m.Files == 0 {
		return nil // it came to no built site
	}
	_, err := fmt.Fprintf(p.out, "\n%s, %s, %s. Uploaded %d (%s), headers only %d, deleted %d, unchanged %d.\n",
		plural(m.Pages, "page"), plural(m.Files, "file"), size(m.Bytes), m.Uploaded, size(m.UploadedBytes), m.HeadersOnly, m.Deleted, m.Unchanged)
	return err
}

func (p *printer) served(d api.ReleaseDetail) error {
	if len(d.Served) == 0 {
		return nil
	}
	rows := [][]string{{"", ""}, {"REQUEST", "ACCEPTED", "FROM", "CONTENT", "REASON"}}
	for _, r := range d.Served {
		rows = append(rows, []string{r.ID, p.at(r.AcceptedAt), joined(" ", string(r.Source), r.Actor), joined(", ", r.Title, r.Entity), oneLine(r.Reason)})
	}
	if err := p.table(rows); err != nil {
		return err
	}
	if more := d.Requests - int64(len(d.Served)); more > 0 {
		_, err := fmt.Fprintf(p.out, "and %d more\n", more)
		return err
	}
	return nil
}

func (p *printer) trail(d api.ReleaseDetail) error {
	if len(d.Events) == 0 {
		return nil
	}
	rows := [][]string{{"", ""}, {"AT", "EVENT", "BY", "WHY"}}
	for _, e := range d.Events {
		rows = append(rows, []string{p.at(e.At), e.Kind, oneLine(e.By), oneLine(e.Why)})
	}
	return p.table(rows)
}

// size writes a number of bytes as people say it (1 kB is 1,000 bytes).
func size(n int64) string {
	switch {
	case n < 1000:
		return fmt.Sprintf("%d B", n)
	case n < 1000_000:
		return fmt.Sprintf("%.1f kB", float64(n)/1e3)
	case n < 1000_000_000:
		return fmt.Sprintf("%.1f MB", float64(n)/1e6)
	default:
		return fmt.Sprintf("%.1f GB", float64(n)/1e9)
	}
}
