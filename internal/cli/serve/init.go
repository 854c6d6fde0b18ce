package serve

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/pressrun/pressrun/internal/cli/exit"
	"github.com/pressrun/pressrun/internal/cli/terminal"
	"github.com/pressrun/pressrun/internal/config"
	"github.com/pressrun/pressrun/internal/frontend"
)

// Init writes a first configuration.
type Init struct {
	Kind       string `enum:",folder,s3,github" default:"" placeholder:"KIND" help:"Where the site goes: folder (on this machine), s3, or github (a workflow releases it)."`
	Site       string `placeholder:"NAME" help:"The site's name, in small letters: www."`
	URL        string `name:"url" placeholder:"URL" help:"The site's public address, if it has one."`
	Source     string `placeholder:"FOLDER" help:"The folder or the repository of the frontend (default: this folder)."`
	Build      string `placeholder:"COMMAND" help:"The command that builds the site: npm run build."`
	Output     string `placeholder:"FOLDER" help:"The folder that the build makes: public."`
	To         string `placeholder:"DEST" help:"Where the site goes: a folder, or s3://bucket."`
	Repository string `placeholder:"OWNER/NAME" help:"For github: the repository with the workflow."`
	TimeZone   string `name:"time-zone" default:"UTC" placeholder:"ZONE" help:"The editors' time zone: America/New_York."`
	Operator   string `default:"operator" placeholder:"NAME" help:"Who gets the first token."`
	Listen     string `default:"127.0.0.1:8080" placeholder:"ADDRESS" help:"Where the app listens (default ${default})."`
	State      string `placeholder:"FOLDER" help:"What the app keeps (default: state, beside the configuration)."`
	SaveToken  string `placeholder:"FILE" help:"Write the token to a file, which only you can read, instead of printing it."`
	File       string `default:"pressrun.yaml" placeholder:"FILE" help:"The configuration to write."`
	Force      bool   `help:"Write over a configuration that is there."`
	JSON       bool   `name:"json" help:"Print JSON."`
}

// Help has the examples.
func (Init) Help() string {
	return `What is not given as a flag is asked for, if standard input is a terminal or has the answers line by line. An empty answer takes the one in brackets. The operator's token is printed once; the configuration has its hash.

Examples:

  pressrun init
  pressrun init --kind folder --site www --build "hugo --minify" --output public --to /srv/www
  pressrun init --kind s3 --site www --url https://www.example.gov --build "npm run build" --output dist --to s3://www-example-gov`
}

// initDocument is the output of `init --json`.
type initDocument struct {
	File  string `json:"file"`
	Site  string `json:"site"`
	Token string `json:"token,omitempty"` // unless it was saved to a file
}

// question is one thing that a configuration needs.
type question struct {
	text, fallback string
	answer         *string
	when           func() bool // nil for always
}

// Run asks for the values that no flag gives, and writes the configuration.
func (c *Init) Run(t *terminal.Terminal) error {
	if _, err := os.Lstat(c.SaveToken); err == nil && c.SaveToken != "" {
		return exit.With(exit.Usage, fmt.Errorf("%s is there already, and may be a token that is in use: give another name", c.SaveToken))
	}
	if _, err := os.Lstat(c.File); err == nil && !c.Force {
		return exit.With(exit.Usage, fmt.Errorf("%s is there already: give another with --file, or --force to write over it", c.File))
	}
	if err := c.ask(t); err != nil {
		return err
	}
	token := NewToken()
	text := c.configuration(HashToken(token))
	folder, err := filepath.Abs(filepath.Dir(c.File))
	if err != nil {
		return fmt.Errorf("find the folder of %s: %w", c.File, err)
	}
	if _, err := config.Parse(c.File, folder, []byte(text)); err != nil {
		return exit.With(exit.Usage, fmt.Errorf("the answers make no configuration, and nothing was written: %w", err))
	}
	if err := c.write(text); err != nil {
		return err
	}
	if c.SaveToken != "" {
		if err := saveToken(c.SaveToken, token); err != nil {
			return errors.Join(err, os.Remove(c.File)) // without its token it is good for nothing
		}
	}
	return c.print(t, token)
}

func (c *Init) questions() []question {
	is := func(kinds string) func() bool { return func() bool { return strings.Contains(kinds, c.Kind) } }
	return []question{
		{"Where does the site go: folder, s3 or github", "folder", &c.Kind, nil},
		{"The site's name, in small letters", "www", &c.Site, nil},
		{"The repository with the workflow, as owner/name", "", &c.Repository, is("github")},
		{"The folder or repository of the frontend", ".", &c.Source, is("folder s3")},
		{"The command that builds the site", "npm run build", &c.Build, is("folder s3")},
		{"The folder that the build makes", "public", &c.Output, is("folder s3")},
		{"The folder that the site goes to", "live", &c.To, is("folder")},
		{"The bucket that the site goes to, as s3://bucket", "", &c.To, is("s3")},
	}
}

// ask goes through the questions that no flag answers.
func (c *Init) ask(t *terminal.Terminal) error {
	lines := bufio.NewScanner(io.LimitReader(t.In, 64<<10))
	for _, q := range c.questions() {
		if *q.answer != "" || (q.when != nil && !q.when()) {
			continue
		}
		q.fallback = c.seen(q)
		hint := ""
		if q.fallback != "" {
			hint = " [" + q.fallback + "]"
		}
		if _, err := fmt.Fprintf(t.Err, "%s%s: ", q.text, hint); err != nil {
			return err
		}
		if lines.Scan() {
			*q.answer = strings.TrimSpace(lines.Text())
		} else {
			_, _ = fmt.Fprintln(t.Err) // the answers ended: the cursor stands behind a question
		}
		if *q.answer == "" {
			*q.answer = q.fallback
		}
		if *q.answer == "" {
			return exit.With(exit.Usage, fmt.Errorf("there is no answer to %q: answer it, or give a flag (pressrun init --help)", q.text))
		}
	}
	if c.Kind != "folder" && c.Kind != "s3" && c.Kind != "github" {
		return exit.With(exit.Usage, fmt.Errorf("%q is none of folder, s3 and github", c.Kind))
	}
	return lines.Err()
}

// seen is the answer that the frontend's own files give, else the question's own.
func (c *Init) seen(q question) string {
	if q.answer != &c.Build && q.answer != &c.Output {
		return q.fallback
	}
	p, err := frontend.Detect(os.DirFS(c.Source))
	switch {
	case err != nil || p.Build == "": // another repository, or a folder that tells nothing
		return q.fallback
	case q.answer == &c.Output:
		return p.Output
	case p.Install != "":
		return p.Install + " && " + p.Build
	}
	return p.Build
}

// configuration is the file's text. Every answer is quoted: it is a value, whatever
// it looks like.
func (c *Init) configuration(hash string) string {
	var b strings.Builder
	fmt.Fprintf(&b, "# Every key is explained in docs/configuration.md; check changes with: pressrun config check\n\nlisten: %[1]s\nurl: http://%[1]s\n\n", c.Listen)
	if c.State != "" {
		fmt.Fprintf(&b, "state: %s\n\n", quoted(c.State))
	}
	fmt.Fprintf(&b, "tokens:\n  - name: %s\n    role: operator\n    sha256: %s\n\nsites:\n  %s:\n", quoted(c.Operator), hash, quoted(c.Site))
	if c.URL != "" {
		fmt.Fprintf(&b, "    url: %s\n", quoted(c.URL))
	}
	fmt.Fprintf(&b, "    time_zone: %s\n", quoted(c.TimeZone))
	if c.Kind == "github" {
		fmt.Fprintf(&b, "    runner: github\n    github:\n      repository: %s\n      workflow: content-release.yml\n", quoted(c.Repository))
		return b.String()
	}
	from := "folder"
	if strings.Contains(c.Source, ":") || strings.HasSuffix(c.Source, ".git") {
		from = "git"
	}
	fmt.Fprintf(&b, "    runner: local\n    source:\n      %s: %s\n", from, quoted(c.Source))
	fmt.Fprintf(&b, "    build:\n      command: %s\n      output: %s\n    deploy:\n      to: %s\n", quoted(c.Build), quoted(c.Output), quoted(c.To))
	return b.String()
}

// quoted is a YAML scalar in single quotes, in which nothing but the quote itself
// has a meaning.
func quoted(text string) string {
	return "'" + strings.ReplaceAll(strings.Join(strings.Fields(text), " "), "'", "''") + "'"
}

func (c *Init) write(text string) error {
	flags := os.O_WRONLY | os.O_CREATE | os.O_EXCL
	if c.Force {
		flags = os.O_WRONLY | os.O_CREATE | os.O_TRUNC
	}
	f, err := os.OpenFile(filepath.Clean(c.File), flags, 0o600)
	if errors.Is(err, fs.ErrNotExist) {
		return exit.With(exit.Usage, fmt.Errorf("write %s: its folder is not there: make it first", c.File))
	}
	if err != nil {
		return fmt.Errorf("write the configuration: %w", err)
	}
	_, err = f.WriteString(text)
	if err = errors.Join(err, f.Close()); err != nil {
		return fmt.Errorf("write %s: %w", c.File, err)
	}
	return nil
}

// print shows the token and the next commands to type.
func (c *Init) print(t *terminal.Terminal, token string) error {
	if c.JSON {
		if c.SaveToken != "" {
			token = ""
		}
		return (&terminal.Printer{Out: t.Out}).Document(initDocument{c.File, c.Site, token})
	}
	config := ""
	if c.File != "pressrun.yaml" {
		config = " --config " + c.File
	}
	next := "pressrun request --site " + c.Site + " --wait"
	if c.Kind == "github" {
		next = "open http://" + c.Listen + "/setup, with the code that serve prints, to make the GitHub App (docs/github.md)"
	}
	if c.Listen != "127.0.0.1:8080" {
		next = "export PRESSRUN_URL=http://" + c.Listen + "\n  " + next
	}
	given, use := "shown this once:\n\n"+token, token
	if c.SaveToken != "" {
		given, use = "and nobody else's, is in "+c.SaveToken+".", "$(cat "+c.SaveToken+")"
	}
	_, err := fmt.Fprintf(t.Out, `%s is written. The operator's token, %s

Now, in this terminal:

  pressrun config check%s
  pressrun serve%s

and in another:

  export PRESSRUN_TOKEN=%s
  %s

The page is at http://%s, and takes the same token.
`, c.File, given, strings.Replace(config, " --config", "", 1), config, use, next, c.Listen)
	return err
}
