package client

import (
	"context"

	"github.com/pressrun/pressrun/internal/api"
	"github.com/pressrun/pressrun/internal/cli/terminal"
)

// Answer asks an app, and prints its answer: as JSON where that is wanted, else as show
// does it for people.
func Answer[T any](t *terminal.Terminal, f AppFlags, o terminal.OutputFlags, ask func(*api.Client) (T, error), show func(*terminal.Printer, T) error) error {
	client, err := f.ClientIn(t, o.TimeZone)
	if err != nil {
		return err
	}
	answer, err := ask(client)
	if err != nil {
		return err
	}
	p := o.Printer(t)
	if o.JSON {
		return p.Document(answer)
	}
	return show(p, answer)
}

// ofSite asks about the site that is meant.
func ofSite[T any](ctx context.Context, f siteFlag, ask func(client *api.Client, site string) (T, error)) func(*api.Client) (T, error) {
	return func(client *api.Client) (answer T, err error) {
		site, err := f.name(ctx, client)
		if err != nil {
			return answer, err
		}
		return ask(client, site)
	}
}
