package serve

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"

	"github.com/pressrun/pressrun/internal/cli/exit"
	"github.com/pressrun/pressrun/internal/cli/terminal"
	"github.com/pressrun/pressrun/internal/cms"
	"github.com/pressrun/pressrun/internal/config"
	"github.com/pressrun/pressrun/internal/text"
	"github.com/pressrun/pressrun/internal/trigger"
)

// Trigger has the commands about which events count.
type Trigger struct {
	Explain TriggerExplain `cmd:"" help:"Say which rule decides about an event, and why the others do not apply."`
}

// TriggerExplain explains a decision.
type TriggerExplain struct {
	configFlag
	File   string   `arg:"" help:"The body of a delivery, or an event as JSON; - for standard input."`
	Site   string   `required:"" placeholder:"NAME" help:"The site whose rules decide."`
	Hook   string   `placeholder:"NAME" help:"The hook whose dialect the body has (default: an event in Pressrun's own words)."`
	Header []string `short:"H" placeholder:"NAME: VALUE" help:"A header of the delivery, e.g. \"X-Contentful-Topic: ContentManagement.Entry.publish\"."`
	JSON   bool     `name:"json" help:"Print JSON."`
}

// Help has the example.
func (TriggerExplain) Help() string {
	return `Nothing is contacted and nothing is changed. Signatures are not looked at.

Examples:

  pressrun trigger explain body.json --site www --hook drupal
  echo '{"event":"page.published","type":"page"}' | pressrun trigger explain - --site www`
}

// explained is an event and the decision about it.
type explained struct {
	Event  string     `json:"event,omitempty"`
	Action cms.Action `json:"action,omitempty"`
	Type   string     `json:"type,omitempty"`
	Entity string     `json:"entity,omitempty"`
	Title  string     `json:"title,omitempty"`
	trigger.Decision
}

// Run explains what follows from a delivery.
func (c *TriggerExplain) Run(t *terminal.Terminal) error {
	conf, err := c.load()
	if err != nil {
		return err
	}
	events, rules, err := c.read(conf, t.In)
	if err != nil {
		return err
	}
	all := make([]explained, len(events))
	for i, e := range events {
		all[i] = explained{e.Name, e.Action, e.Type, e.Entity, e.Title, rules.Decide(e)}
	}
	p := t.Printer()
	if c.JSON {
		return p.Document(all)
	}
	for _, e := range all {
		if err := e.print(p); err != nil {
			return err
		}
	}
	return nil
}

// read gives the events of the file, and the rules that decide about them.
func (c *TriggerExplain) read(conf *config.Config, in io.Reader) ([]cms.Event, trigger.Rules, error) {
	site, ok := conf.Sites[c.Site]
	if !ok {
		return nil, trigger.Rules{}, exit.With(exit.NotFound, fmt.Errorf("%s has no site %q", c.file(), c.Site))
	}
	hook := config.Hook{Dialect: "generic"}
	if c.Hook != "" {
		if hook, ok = site.Hook(c.Hook); !ok {
			return nil, trigger.Rules{}, exit.With(exit.NotFound, fmt.Errorf("site %s has no hook %q", c.Site, c.Hook))
		}
	}
	rules, err := site.RulesFor(hook)
	if err != nil {
		return nil, rules, err
	}
	body, err := c.body(in)
	if err != nil {
		return nil, rules, err
	}
	d := cms.Delivery{Method: http.MethodPost, URI: "/", Header: http.Header{"Content-Type": {"application/json"}}, Body: body}
	for _, line := range c.Header {
		name, value, ok := strings.Cut(line, ":")
		if !ok {
			return nil, rules, exit.With(exit.Usage, fmt.Errorf("%q is no header; expected NAME: VALUE", line))
		}
		d.Header.Set(strings.TrimSpace(name), strings.TrimSpace(value))
	}
	events, err := hook.System().Events(d)
	if err != nil {
		return nil, rules, exit.With(exit.Usage, fmt.Errorf("read %s as %s: %w", c.File, hook.System().Title(), err))
	}
	return events, rules, nil
}

// maxDelivery is the largest body that a hook takes, in bytes.
const maxDelivery = 1 << 20

func (c *TriggerExplain) body(in io.Reader) (body []byte, err error) {
	if c.File != "-" {
		file, err := os.Open(filepath.Clean(c.File))
		if err != nil {
			return nil, fmt.Errorf("read the delivery: %w", err)
		}
		defer func() { _ = file.Close() }() // read only: closing can't lose anything
		in = file
	}
	body, err = io.ReadAll(io.LimitReader(in, maxDelivery+1))
	if err != nil {
		return nil, fmt.Errorf("read the delivery: %w", err)
	}
	if len(body) > maxDelivery {
		return nil, exit.With(exit.Usage, errors.New("read the delivery: it has more than 1 MiB, which no hook takes"))
	}
	return body, nil
}

// print prints the decision, its rule, and why other rules do not apply.
func (e explained) print(p *terminal.Printer) error {
	what := strings.Join(strings.Fields(strings.Join([]string{e.Event, string(e.Action), e.Type, e.Entity, e.Title}, " ")), " ")
	if _, err := fmt.Fprintf(p.Out, "%s: %s\n", p.Paint(terminal.StyleOf(string(e.Then)), string(e.Then)), text.OneLine(what)); err != nil {
		return err
	}
	if err := p.Prose(terminal.Plain, text.OneLine(e.Why)); err != nil {
		return err
	}
	rows := make(terminal.Fields, len(e.Passed))
	for i, r := range e.Passed {
		rows[i] = []string{"  not " + r.Rule, r.Why}
	}
	return p.Fields(rows)
}
