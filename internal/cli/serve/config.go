package serve

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"slices"
	"strings"

	"github.com/pressrun/pressrun/internal/cli/exit"
	"github.com/pressrun/pressrun/internal/cli/terminal"
	"github.com/pressrun/pressrun/internal/config"
	"github.com/pressrun/pressrun/internal/text"
)

// Config has the commands about a configuration.
type Config struct {
	Check  ConfigCheck  `cmd:"" help:"Check a configuration, and tell the place of every mistake."`
	Schema ConfigSchema `cmd:"" help:"Print the JSON schema of the configuration."`
}

// configFlag names the configuration.
type configFlag struct {
	Config string `env:"PRESSRUN_CONFIG" placeholder:"FILE" help:"The configuration, a file or a folder (${env}; default: pressrun.yaml here, else /etc/pressrun/pressrun.yaml)."`
}

// systemConfig is where the configuration is on a server and in the image.
const systemConfig = "/etc/pressrun/pressrun.yaml"

func (f configFlag) file() string {
	if f.Config != "" {
		return f.Config
	}
	const here = "pressrun.yaml"
	if _, err := os.Stat(here); errors.Is(err, fs.ErrNotExist) {
		if _, err := os.Stat(systemConfig); err == nil {
			return systemConfig
		}
	}
	return here
}

// ConfigFlag names the configuration, for commands of other packages.
type ConfigFlag struct{ configFlag }

// There says whether there is a configuration; one that is named is taken to be.
func (f ConfigFlag) There() bool {
	_, err := os.Stat(f.file())
	return f.Config != "" || err == nil
}

// Examine reads the configuration, and checks the files and programs that it names.
func (f ConfigFlag) Examine() (*config.Config, error) { return f.examine() }

func (f configFlag) load() (*config.Config, error) { return readBy(config.Load, f.file()) }

// open reads the configuration, and returns the sites that are left out too.
func (f configFlag) open() (*config.Loaded, error) { return readBy(config.Open, f.file()) }

// examine is load that also checks the files and programs of this machine that the
// configuration names, and leaves no site out.
func (f configFlag) examine() (*config.Config, error) { return readBy(config.Examine, f.file()) }

func readBy[T any](read func(string) (*T, error), file string) (*T, error) {
	c, err := read(file)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, exit.With(exit.Usage, fmt.Errorf("%w; give another with --config or PRESSRUN_CONFIG, and see docs/configuration.md for an example", err))
	}
	return c, err
}

// ConfigCheck checks a configuration.
type ConfigCheck struct {
	File string `arg:"" optional:"" help:"The configuration, a file or a folder (default: as for serve)."`
	configFlag
	JSON bool `name:"json" help:"Print JSON."`
}

// Help has the example.
func (ConfigCheck) Help() string {
	return `Nothing is contacted and nothing is changed; folders and files that sites name are looked for on this machine. Ends with 0 if the configuration is good, else with 2.

Of a folder all files are checked, and each mistake of a site counts.

Examples:

  pressrun config check examples/pressrun.yaml
  pressrun config check /etc/pressrun`
}

// checkDocument is the output of `config check --json`.
type checkDocument struct {
	File     string           `json:"file"`
	Good     bool             `json:"good"`
	Sites    []string         `json:"sites,omitempty"`
	Problems []config.Problem `json:"problems,omitempty"`
}

// Run checks a configuration.
func (c *ConfigCheck) Run(t *terminal.Terminal) error {
	if c.File != "" {
		c.Config = c.File
	}
	p := t.Printer()
	conf, err := c.examine()
	if mistakes, ok := errors.AsType[*config.Error](err); ok {
		if c.JSON {
			if err := p.Document(checkDocument{File: c.file(), Problems: mistakes.Problems}); err != nil {
				return err
			}
		}
		return exit.With(exit.Usage, fmt.Errorf("%s in the configuration\n%w", text.Count(len(mistakes.Problems), "mistake"), err))
	}
	if err != nil {
		return err
	}
	sites := slices.Sorted(maps.Keys(conf.Sites))
	if c.JSON {
		return p.Document(checkDocument{File: c.file(), Good: true, Sites: sites})
	}
	_, err = fmt.Fprintf(t.Out, "%s is good: %s (%s), %s, listens on %s, keeps its state in %s\n",
		c.file(), text.Count(len(sites), "site"), someNames(sites), text.Count(len(conf.Tokens), "token"), conf.Listen, conf.State)
	return err
}

// namesShown bounds how many sites are named in a sentence.
const namesShown = 12

func someNames(names []string) string {
	if len(names) <= namesShown {
		return strings.Join(names, ", ")
	}
	return strings.Join(names[:namesShown], ", ") + " and others"
}

// ConfigSchema prints the JSON schema of the configuration.
type ConfigSchema struct{}

// Help has the example.
func (ConfigSchema) Help() string {
	return `Editors use it to complete and check the file. Its first line then names the schema:

  # yaml-language-server: $schema=pressrun.schema.json

Example:

  pressrun config schema > pressrun.schema.json`
}

// Run prints the schema.
func (ConfigSchema) Run(t *terminal.Terminal) error {
	_, err := t.Out.Write(config.Schema())
	return err
}
