package serve

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"strings"

	"github.com/pressrun/pressrun/internal/cli/exit"
	"github.com/pressrun/pressrun/internal/cli/terminal"
	"github.com/pressrun/pressrun/internal/password"
)

// Password makes the hash of a password for a local account.
type Password struct {
	Name string   `arg:"" help:"Who will sign in with it. All records show it."`
	Role string   `enum:"editor,operator" default:"editor" placeholder:"ROLE" help:"What they may do: ${enum} (default ${default})."`
	Site []string `placeholder:"NAME" help:"Sites that they see (default: all)."`
	JSON bool     `name:"json" help:"Print JSON."`
}

// Help has the example.
func (Password) Help() string {
	return `It asks for the password twice and shows nothing of it, or reads one line of standard input. A password has 15 characters or more, and is not made of what is guessed first. It is hashed by Argon2id with 19 MiB and 2 passes, as OWASP recommends; the configuration keeps the hash alone.

Examples:

  pressrun password ada@example.gov --role operator
  pwgen -s 24 1 | tee /dev/tty | pressrun password grace --site www`
}

// passwordDocument is the output of `password --json`.
type passwordDocument struct {
	Name     string   `json:"name"`
	Role     string   `json:"role"`
	Sites    []string `json:"sites,omitempty"`
	Password string   `json:"password"` // its hash
}

var personName = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._@-]{0,99}$`)

// Validate refuses names that the configuration would refuse.
func (c *Password) Validate() error {
	if !personName.MatchString(c.Name) {
		return fmt.Errorf("%q is no name to sign in with; expected letters, digits and . _ @ - (at most 100)", c.Name)
	}
	return nil
}

// Run makes a hash.
func (c *Password) Run(ctx context.Context, t *terminal.Terminal) error {
	given, err := t.ReadSecret(ctx, "The password of "+c.Name+": ")
	if err != nil {
		return exit.With(exit.Usage, err)
	}
	if err := password.Check(given, c.Name); err != nil {
		return exit.With(exit.Usage, err)
	}
	if t.Asks() {
		again, err := t.ReadSecret(ctx, "Once more: ")
		if err != nil {
			return exit.With(exit.Usage, err)
		}
		if again != given {
			return exit.With(exit.Usage, errors.New("the two passwords differ; nothing was made"))
		}
	}
	d := passwordDocument{Name: c.Name, Role: c.Role, Sites: c.Site, Password: password.New(given).String()}
	if c.JSON {
		return t.Printer().Document(d)
	}
	sites := ""
	if len(c.Site) > 0 {
		sites = "\n      sites: [" + strings.Join(c.Site, ", ") + "]"
	}
	_, err = fmt.Fprintf(t.Out, "For the configuration, under sign_in: people:\n\n    - name: %q\n      role: %s%s\n      password: %q\n", d.Name, d.Role, sites, d.Password)
	return err
}
