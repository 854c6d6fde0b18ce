// Package ledger has the commands about the ledger while no app runs on it.
package ledger

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strings"

	"github.com/pressrun/pressrun/internal/cli/exit"
	"github.com/pressrun/pressrun/internal/cli/terminal"
	"github.com/pressrun/pressrun/internal/ledger/database"
	"github.com/pressrun/pressrun/internal/ledger/postgres"
	"github.com/pressrun/pressrun/internal/ledger/sqlite"
	"github.com/pressrun/pressrun/internal/ledger/transfer"
	"github.com/pressrun/pressrun/internal/text"
)

// Command has the commands about the ledger.
type Command struct {
	Move Move `cmd:"" help:"Copy a ledger from a file to PostgreSQL, or back, and compare the two."`
}

// Move copies a ledger.
type Move struct {
	From     string `xor:"from" required:"" placeholder:"LEDGER" help:"The ledger as it is: a state folder, its pressrun.db, or postgres://USER@HOST/DATABASE."`
	FromFile string `xor:"from" required:"" type:"existingfile" placeholder:"FILE" help:"File that has its address with the password, in place of --from."`
	To       string `xor:"to" required:"" placeholder:"LEDGER" help:"Where it is to be; empty, or not there yet."`
	ToFile   string `xor:"to" required:"" type:"existingfile" placeholder:"FILE" help:"File that has that address with the password, in place of --to."`
	DryRun   bool   `help:"Say what would be copied, and write nothing."`
	terminal.OutputFlags
}

// Help has the examples.
func (Move) Help() string {
	return `Copies all of a ledger: stop every app that has it first. What is written is read again
and compared, row by row; the copy is there whole or not at all. The ledger that it comes
from stays as it is. Start the app on the copy by "ledger:" or "ledger_file:" in its
configuration. Passwords come from a file, or from PGPASSWORD and PGPASSFILE.

Examples:

  pressrun ledger move --from /var/lib/pressrun --to-file /run/secrets/ledger
  pressrun ledger move --from /var/lib/pressrun --to postgres://pressrun@db.example.gov/pressrun --dry-run
  pressrun ledger move --from postgres://pressrun@db.example.gov/pressrun --to /var/lib/pressrun`
}

// Run moves.
func (c *Move) Run(ctx context.Context, t *terminal.Terminal) error {
	from, err := engine("--from", c.From, c.FromFile)
	if err != nil {
		return exit.With(exit.Usage, err)
	}
	to, err := engine("--to", c.To, c.ToFile)
	if err != nil {
		return exit.With(exit.Usage, err)
	}
	if from.String() == to.String() {
		return exit.With(exit.Usage, fmt.Errorf("--from and --to are the same ledger, %s", from))
	}
	if file := from.String(); !strings.Contains(file, "://") {
		if _, err := os.Stat(file); err != nil { // to open it would make it
			return exit.With(exit.NotFound, fmt.Errorf("--from: there is no ledger: %w", err))
		}
	}
	o := transfer.Options{DryRun: c.DryRun}
	end := func() {}
	if t.Progress && !c.JSON {
		line := terminal.NewProgress(t)
		o.Tell = func(table string, rows int64) {
			line.Show(fmt.Sprintf("%s: %s", table, text.Plural(rows, "row", "rows")))
		}
		end = line.Clear
	}
	r, err := transfer.Move(ctx, from, to, o)
	end()
	if err != nil {
		return inCode(err)
	}
	return printReport(c.Printer(t), r)
}

// inCode gives an error the exit code that says what it is.
func inCode(err error) error {
	_, used := errors.AsType[*transfer.InUse](err)
	_, open := errors.AsType[*database.InUse](err)
	_, full := errors.AsType[*transfer.NotEmpty](err)
	if used || open || full {
		return exit.With(exit.Conflict, err)
	}
	if _, away := errors.AsType[*database.Unavailable](err); away {
		return exit.With(exit.Unreachable, err)
	}
	return err
}

// engine is the database of a flag.
func engine(flag, where, file string) (database.Engine, error) {
	if file != "" {
		address, err := os.ReadFile(file)
		if err != nil {
			return nil, fmt.Errorf("%s-file: %w", flag, err)
		}
		return postgres.At(strings.TrimSpace(string(address)))
	}
	if strings.HasPrefix(where, "postgres://") || strings.HasPrefix(where, "postgresql://") {
		if u, err := url.Parse(where); err == nil {
			if _, has := u.User.Password(); has || u.Query().Has("password") {
				return nil, fmt.Errorf("%s has a password in it, which everybody on this machine could read: give the address by %s-file, or the password by PGPASSWORD or PGPASSFILE", flag, flag)
			}
		}
		return postgres.At(where)
	}
	if strings.Contains(where, "://") {
		return nil, fmt.Errorf("%s: %q is neither a folder, a file nor an address of PostgreSQL: expected postgres://USER@HOST/DATABASE, or %s-file", flag, where, flag)
	}
	path, err := filepath.Abs(where)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", flag, err)
	}
	if info, err := os.Stat(path); err == nil && info.IsDir() {
		path = filepath.Join(path, "pressrun.db")
	}
	return sqlite.At(path), nil
}

func printReport(p *terminal.Printer, r transfer.Report) error {
	if p.JSON {
		return p.Document(r)
	}
	line := fmt.Sprintf("moved %s from %s to %s, read again and the same", text.Plural(r.Rows, "row", "rows"), r.From, r.To)
	if r.DryRun {
		line = fmt.Sprintf("dry run: %s would be moved from %s to %s", text.Plural(r.Rows, "row", "rows"), r.From, r.To)
	}
	if _, err := fmt.Fprintln(p.Out, line); err != nil {
		return err
	}
	rows := [][]string{{"TABLE", "ROWS", "SUM"}}
	for _, t := range r.Tables {
		if t.Rows > 0 {
			rows = append(rows, []string{t.Name, text.Number(t.Rows), t.Sum})
		}
	}
	return p.Table(rows, "SUM")
}
