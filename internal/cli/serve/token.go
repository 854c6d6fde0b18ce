package main

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"strings"
)

type tokenCmd struct {
	New  tokenNewCmd  `cmd:"" help:"Make a token: printed once, with the lines for the configuration."`
	Hash tokenHashCmd `cmd:"" help:"Print the hash of a token that is read from standard input."`
}

type tokenNewCmd struct {
	Name string   `arg:"" help:"Who will use it: a system or a person. All records show it."`
	Role string   `required:"" enum:"cms,run,editor,operator" placeholder:"ROLE" help:"What it is good for: ${enum}."`
	Site []string `placeholder:"NAME" help:"Sites it is good for (default: all)."`
	JSON bool     `name:"json" help:"Print JSON."`
}

// Help has the example.
func (tokenNewCmd) Help() string {
	return `The roles:

  cms       ask for releases, and see what became of the requests
  run       carry releases out
  editor    see everything of its sites, and ask
  operator  everything

The token goes to who will use it, its hash into the configuration; Pressrun keeps nothing else.

Example:

  pressrun token new ada@example.gov --role operator`
}

// tokenDocument is what `token new --json` prints.
type tokenDocument struct {
	Name   string   `json:"name"`
	Role   string   `json:"role"`
	Sites  []string `json:"sites,omitempty"`
	Token  string   `json:"token"`
	SHA256 string   `json:"sha256"`
}

// Validate refuses names that the configuration would refuse.
func (c *tokenNewCmd) Validate() error {
	if strings.Trim(c.Name, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._@-") != "" || len(c.Name) > 100 {
		return fmt.Errorf("%q is no name of a token; expected letters, digits and . _ @ - (at most 100)", c.Name)
	}
	return nil
}

// Run makes a token.
func (c *tokenNewCmd) Run(t *terminal) error {
	token := newToken()
	d := tokenDocument{Name: c.Name, Role: c.Role, Sites: c.Site, Token: token, SHA256: hashToken(token)}
	p := &printer{out: t.out}
	if c.JSON {
		return p.document(d)
	}
	sites := ""
	if len(c.Site) > 0 {
		sites = "\n    sites: [" + strings.Join(c.Site, ", ") + "]"
	}
	_, err := fmt.Fprintf(t.out, `The token, shown this once:

%s

For the configuration, under tokens:

  - name: %q
    role: %s%s
    sha256: %s
`, token, c.Name, c.Role, sites, d.SHA256)
	return err
}

// newToken makes a token: 130 random bits after a prefix by which scanners for
// leaked secrets know it.
func newToken() string { return "prt_" + rand.Text() }

func hashToken(token string) string {
	sum := sha256.Sum256([]byte(token))
	return hex.EncodeToString(sum[:])
}

type tokenHashCmd struct {
	JSON bool `name:"json" help:"Print JSON."`
}

// Help has the example.
func (tokenHashCmd) Help() string {
	return `White space around the token does not count. A token must have 20 characters or more: short ones can be guessed.

Example:

  pressrun token hash < token.txt`
}

// hashDocument is what `token hash --json` prints.
type hashDocument struct {
	SHA256 string `json:"sha256"`
}

// minToken is the least length of a token, in characters.
const minToken = 20

// Run hashes a token.
func (c *tokenHashCmd) Run(t *terminal) error {
	text, err := io.ReadAll(io.LimitReader(t.in, maxToken+1))
	if err != nil {
		return fmt.Errorf("read the token: %w", err)
	}
	token := strings.TrimSpace(string(text))
	if len(token) < minToken || len(text) > maxToken || strings.ContainsAny(token, "\r\n\x00") {
		return withCode(exitUsage, errors.New("standard input holds no token; expected one line of 20 characters or more"))
	}
	if c.JSON {
		return (&printer{out: t.out}).document(hashDocument{hashToken(token)})
	}
	_, err = fmt.Fprintln(t.out, hashToken(token))
	return err
}
