package client

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/pressrun/pressrun/internal/api"
	"github.com/pressrun/pressrun/internal/cli/terminal"
	"github.com/pressrun/pressrun/internal/text"
)

// addresses prints what became of every address of a release that was baked.
func addresses(ctx context.Context, t *terminal.Terminal, client *api.Client, site string, number int64) (err error) {
	account, err := client.Account(ctx, site, number)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, account.Close()) }()
	_, err = io.Copy(t.Out, account)
	return err
}

// baked sums up a bake.
func (p printer) baked(b *api.Baked) error {
	if b == nil {
		return nil
	}
	if _, err := fmt.Fprintln(p.Out); err != nil {
		return err
	}
	var f terminal.Fields
	f.Add("Addresses known", text.Number(b.Known))
	for _, c := range []struct {
		name string
		n    int64
	}{
		{"baked", b.Baked},
		{"not asked for", b.Skipped},
		{"kept as they were", b.Stale},
		{"redirects", b.Redirects},
		{"gone", b.Gone},
		{"missing", b.Missing},
		{"only looked for", b.NoPage},
		{"left out", b.LeftOut},
		{"unreachable", b.Unreachable},
		{"can't be published", b.Bad},
	} {
		if c.n > 0 {
			f.Add(c.name, text.Number(c.n))
		}
	}
	if err := p.Fields(f); err != nil || len(b.First) == 0 {
		return err
	}
	rows := [][]string{{"ADDRESS", "BECAME", "WHY"}}
	for _, a := range b.First {
		rows = append(rows, []string{text.OneLine(a.Address), text.OneLine(a.Outcome), text.OneLine(a.Why)})
	}
	if err := p.section(rows); err != nil || b.FirstOf <= int64(len(b.First)) {
		return err
	}
	_, err := fmt.Fprintf(p.Out, "and %s more: --addresses has all\n", text.Number(b.FirstOf-int64(len(b.First))))
	return err
}
