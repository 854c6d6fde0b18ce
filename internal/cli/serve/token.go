package serve

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/pressrun/pressrun/internal/cli/exit"
	"github.com/pressrun/pressrun/internal/cli/terminal"
)

// Token has the commands about bearer tokens.
type Token struct {
	New  TokenNew  `cmd:"" help:"Make a token: printed once, with the lines for the configuration."`
	Hash TokenHash `cmd:"" help:"Print the hash of a token that is read from standard input."`
}

// TokenNew makes a token.
type TokenNew struct {
	Name string   `arg:"" help:"Who will use it: a system or a person. All records show it."`
	Role string   `required:"" enum:"cms,run,editor,operator,monitor" placeholder:"ROLE" help:"What it is good for: ${enum}."`
	Site []string `placeholder:"NAME" help:"Sites it is good for (default: all)."`
	Save string   `name:"save-token" placeholder:"FILE" help:"Write the token to a file, which only you can read, and print the lines for the configuration alone."`
	JSON bool     `name:"json" help:"Print JSON."`
}

// Help has the example.
func (TokenNew) Help() string {
	return `The roles:

  cms       ask for releases, and see what became of the requests
  run       carry releases out
  editor    see everything of its sites, and ask
  operator  everything

The token goes to who will use it, its hash into the configuration; Pressrun keeps nothing else.

Examples:

  pressrun token new ada@example.gov --role operator
  pressrun token new drupal --role cms --save-token drupal.token | sed -i '/^tokens:/r /dev/stdin' pressrun.yaml`
}

// tokenDocument is the output of `token new --json`.
type tokenDocument struct {
	Name   string   `json:"name"`
	Role   string   `json:"role"`
	Sites  []string `json:"sites,omitempty"`
	Token  string   `json:"token,omitempty"` // unless it was saved to a file
	SHA256 string   `json:"sha256"`
}

// Validate refuses names that the configuration would refuse.
func (c *TokenNew) Validate() error {
	if strings.Trim(c.Name, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._@-") != "" || len(c.Name) > 100 {
		return fmt.Errorf("%q is no name of a token; expected letters, digits and . _ @ - (at most 100)", c.Name)
	}
	return nil
}

// Run makes a token.
func (c *TokenNew) Run(t *terminal.Terminal) error {
	token := NewToken()
	d := tokenDocument{Name: c.Name, Role: c.Role, Sites: c.Site, Token: token, SHA256: HashToken(token)}
	p := t.Printer()
	if c.Save != "" {
		if err := saveToken(c.Save, token); err != nil {
			return err
		}
		d.Token = ""
	}
	if c.JSON {
		return p.Document(d)
	}
	sites := ""
	if len(c.Site) > 0 {
		sites = "\n    sites: [" + strings.Join(c.Site, ", ") + "]"
	}
	if c.Save == "" {
		if _, err := fmt.Fprintf(t.Out, "The token, shown this once:\n\n%s\n\nFor the configuration, under tokens:\n\n", token); err != nil {
			return err
		}
	}
	_, err := fmt.Fprintf(t.Out, "  - name: %q\n    role: %s%s\n    sha256: %s\n", c.Name, c.Role, sites, d.SHA256)
	return err
}

// NewToken makes a token: 130 random bits after a prefix by which scanners for
// leaked secrets know it.
func NewToken() string { return "prt_" + rand.Text() }

// HashToken is the hash of a token for the configuration: SHA-256, in hexadecimal.
func HashToken(token string) string {
	sum := sha256.Sum256([]byte(token))
	return hex.EncodeToString(sum[:])
}

// TokenHash prints the hash of a token.
type TokenHash struct {
	JSON bool `name:"json" help:"Print JSON."`
}

// Help has the example.
func (TokenHash) Help() string {
	return `White space around the token does not count. A token must have 20 characters or more: short ones can be guessed.

Example:

  pressrun token hash < token.txt`
}

// hashDocument is the output of `token hash --json`.
type hashDocument struct {
	SHA256 string `json:"sha256"`
}

// maxToken is the length of the longest token, in bytes.
const maxToken = 4 << 10

// minToken is the least length of a token, in characters.
const minToken = 20

// Run hashes a token.
func (c *TokenHash) Run(t *terminal.Terminal) error {
	text, err := io.ReadAll(io.LimitReader(t.In, maxToken+1))
	if err != nil {
		return fmt.Errorf("read the token: %w", err)
	}
	token := strings.TrimSpace(string(text))
	if len(token) < minToken || len(text) > maxToken || strings.ContainsAny(token, "\r\n\x00") {
		return exit.With(exit.Usage, errors.New("standard input holds no token; expected one line of 20 characters or more"))
	}
	if c.JSON {
		return (&terminal.Printer{Out: t.Out}).Document(hashDocument{HashToken(token)})
	}
	_, err = fmt.Fprintln(t.Out, HashToken(token))
	return err
}
