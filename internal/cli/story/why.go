package story

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/pressrun/pressrun/internal/api"
	"github.com/pressrun/pressrun/internal/cli/client"
	"github.com/pressrun/pressrun/internal/cli/terminal"
	"github.com/pressrun/pressrun/internal/release"
	"github.com/pressrun/pressrun/internal/text"
)

// Why tells the story of a request.
type Why struct {
	client.AppFlags
	terminal.OutputFlags
	Request string `arg:"" name:"request" help:"Id of a request, as pressrun find and the pages show it."`
}

// Help has the example.
func (Why) Help() string {
	return `Tells in order who asked and how it came (with the hook's delivery and rule, for those who may see them), what it waited for, which release it joined, which tries failed and by whose fault, since when it is live and whether it was seen through the public address; or what it waits for now, and what to do.

Examples:

  pressrun why req_0d5vkq3m8vqr2l7e4h1n6t9s
  pressrun why req_0d5vkq3m8vqr2l7e4h1n6t9s --json | jq -r '.do[]?'`
}

// Run tells the story.
func (c *Why) Run(ctx context.Context, t *terminal.Terminal) error {
	app, err := c.ClientIn(t, c.TimeZone)
	if err != nil {
		return err
	}
	known, err := find(ctx, app, c.Request)
	if err != nil {
		return err
	}
	s := Tell(known)
	p := c.Printer(t)
	if c.JSON {
		return p.Document(s)
	}
	return show(p.In(s.Request.TimeZone), s)
}

func show(p *terminal.Printer, s Story) error {
	title := fmt.Sprintf("Request %s for %s", s.Request.ID, s.Request.Site)
	if s.Request.Answer != "" {
		title += ": " + s.Request.Answer
	}
	if err := p.Prose(terminal.Bold, text.OneLine(title)); err != nil {
		return err
	}
	var f terminal.Fields
	for _, c := range s.Chapters {
		f.Add(p.At(c.At), text.OneLine(c.Text))
	}
	f.Add("Now", text.OneLine(s.Now))
	for _, step := range s.Do {
		f.Add("To do", text.OneLine(step))
	}
	for _, m := range s.Missing {
		f.Add("Not told", text.OneLine(m))
	}
	if _, err := fmt.Fprintln(p.Out); err != nil {
		return err
	}
	return p.Fields(f)
}

const (
	// mostFailed is how many of a request's failed releases the story has: the last
	// ones.
	mostFailed = 10
	// deliveries is how many deliveries the app keeps.
	deliveries = 1000
	// pages bounds how much of the audit trail is read, pageSize how much at a time.
	pages, pageSize = 20, 500
)

// find reads all that the app knows of a request.
func find(ctx context.Context, app *api.Client, id string) (Known, error) {
	var k Known
	var err error
	if k.Request, err = app.Request(ctx, id); err != nil {
		return k, err
	}
	if k.Site, err = app.Site(ctx, k.Request.Site); err != nil {
		return k, err
	}
	if err := k.delivery(ctx, app); err != nil {
		return k, err
	}
	numbers := k.Request.Failed
	if over := len(numbers) - mostFailed; over > 0 {
		numbers = numbers[over:]
		k.Missing = append(k.Missing, text.Plural(over, "earlier release", "earlier releases")+" that failed: pressrun history --site "+k.Request.Site)
	}
	if n := k.Request.Release; n > 0 && !slices.Contains(numbers, n) {
		numbers = append(slices.Clone(numbers), n)
	}
	for _, n := range numbers {
		r, err := app.Release(ctx, k.Request.Site, n)
		if err != nil {
			return k, err
		}
		k.Releases = append(k.Releases, r)
	}
	return k, k.trail(ctx, app)
}

// delivery reads the hook's delivery of the request. Not every role may see it.
func (k *Known) delivery(ctx context.Context, app *api.Client) error {
	if k.Request.Source != release.FromContent {
		return nil
	}
	all, err := app.HookDeliveries(ctx, k.Request.Site, "", deliveries)
	if p, ok := errors.AsType[*api.Problem](err); ok && p.Status == http.StatusForbidden {
		k.Missing = append(k.Missing, "whether a hook asked: this token may not see deliveries")
		return nil
	}
	if err != nil {
		return err
	}
	for _, d := range all {
		if d.Request == k.Request.ID && d.Decision == "release" {
			k.Delivery = &d
		}
	}
	return nil
}

// trail reads what happened to the site from the request's acceptance on, until it was
// live. The audit trail is read by number only, so its beginning is looked for
// backwards from an event of the request's releases.
func (k *Known) trail(ctx context.Context, app *api.Client) error {
	after, err := k.before(ctx, app)
	if err != nil {
		return err
	}
	for range pages {
		page, err := app.EventList(ctx, k.Request.Site, after, pageSize)
		if err != nil {
			return err
		}
		for _, e := range page {
			if k.over(e.At) {
				return nil
			}
			if !e.At.Before(k.Request.AcceptedAt) && (e.Request == k.Request.ID || strings.HasPrefix(e.Kind, "site.")) {
				k.Events = append(k.Events, e)
			}
			after = e.ID
		}
		if len(page) == 0 {
			return nil
		}
	}
	k.Missing = append(k.Missing, fmt.Sprintf("what happened to the site after event %d: pressrun events --site %s --after %d", after, k.Request.Site, after))
	return nil
}

// over says whether an instant is after the end of the story.
func (k *Known) over(at time.Time) bool {
	return k.Request.LiveAt != nil && at.After(*k.Request.LiveAt)
}

// before is the number of an event before the request's acceptance.
func (k *Known) before(ctx context.Context, app *api.Client) (int64, error) {
	known := k.Releases
	if last := k.Site.Last; len(known) == 0 && last != nil { // it has waited since the last one, or longer
		r, err := app.Release(ctx, k.Request.Site, last.Number)
		if err != nil {
			return 0, err
		}
		known = []api.ReleaseDetail{r}
	}
	anchor := int64(0)
	for _, r := range known {
		for _, e := range r.Events {
			anchor = max(anchor, e.ID)
		}
	}
	for step := int64(pageSize); anchor > step; step *= 4 {
		page, err := app.EventList(ctx, k.Request.Site, anchor-step, 1)
		if err != nil {
			return 0, err
		}
		if len(page) > 0 && page[0].At.Before(k.Request.AcceptedAt) {
			return anchor - step, nil
		}
	}
	return 0, nil
}
