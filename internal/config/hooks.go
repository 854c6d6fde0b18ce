package config

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/pressrun/pressrun/internal/cms"
	"github.com/pressrun/pressrun/internal/environ"
	"github.com/pressrun/pressrun/internal/trigger"
)

// Hook is an address that a CMS calls when content changes; `pressrun hook new` makes it.
type Hook struct {
	// Name is the hook's unique name at the site, in commands and in all records.
	Name string `yaml:"name" json:"name"`
	// Dialect is the format of the CMS's calls, such as wordpress, drupal, ghost or
	// netlify; docs/hooks.md lists them.
	Dialect string `yaml:"dialect" json:"dialect"`
	// SecretFile holds the secret with which the CMS signs what it sends.
	SecretFile string `yaml:"secret_file" json:"secret_file,omitempty"`
	// SecretEnv names the environment variable that holds it instead.
	SecretEnv string `yaml:"secret_env" json:"secret_env,omitempty"`
	// Mapping says, for dialect generic, where the CMS's JSON has the members of an
	// event, such as title: data.attributes.title.
	Mapping map[string]string `yaml:"mapping" json:"mapping,omitempty"`
	// Rate is how many calls a minute are accepted.
	Rate *int `yaml:"rate" json:"rate,omitempty" jsonschema:"minimum=1,maximum=100000,default=60"`
	// Burst is how many may come at once.
	Burst *int `yaml:"burst" json:"burst,omitempty" jsonschema:"minimum=1,maximum=100000,default=60"`
	// Triggers are rules for this hook, instead of the site's.
	Triggers Triggers `yaml:"triggers" json:"triggers,omitzero"`
}

// Triggers say which events ask for a release.
type Triggers struct {
	// Rules are tried in their order: the first that applies decides.
	Rules []Rule `yaml:"rules" json:"rules,omitempty"`
	// Otherwise says what to do about an event that no rule applies to.
	Otherwise string `yaml:"otherwise" json:"otherwise,omitempty" jsonschema:"enum=release,enum=wait,enum=ignore,default=release"`
}

// Rule says what to do about events that meet all its conditions. In a list, * stands for
// any text but /, and ** for any text.
type Rule struct {
	// Rule is its name: people are told which rule decided.
	Rule string `yaml:"rule" json:"rule"`
	// Type is the content type, such as page.
	Type []string `yaml:"type" json:"type,omitempty"`
	// Action is what happened: created, updated, published, unpublished,
	// archived, deleted, scheduled, changed or test.
	Action []string `yaml:"action" json:"action,omitempty"`
	// Event is the event in the CMS's own words.
	Event []string `yaml:"event" json:"event,omitempty"`
	// Status is the content's state after the event.
	Status []string `yaml:"status" json:"status,omitempty"`
	// From is its state before.
	From []string `yaml:"from" json:"from,omitempty"`
	// Fields is met when one of these fields changed.
	Fields []string `yaml:"fields" json:"fields,omitempty"`
	// Language is the content's language.
	Language []string `yaml:"language" json:"language,omitempty"`
	// Path is the content's address on the site.
	Path []string `yaml:"path" json:"path,omitempty"`
	// Environment is the CMS's own, such as Contentful's master, or a branch.
	Environment []string `yaml:"environment" json:"environment,omitempty"`
	// Expr is a condition in the language of expr-lang.org.
	Expr string `yaml:"expr" json:"expr,omitempty"`
	// Then is release (now), wait (for the next release) or ignore.
	Then string `yaml:"then" json:"then" jsonschema:"enum=release,enum=wait,enum=ignore"`
}

// The defaults of a hook.
const (
	defaultHookRate  = 60
	defaultHookBurst = 60
)

// System is the dialect of the hook's CMS.
func (h Hook) System() cms.Dialect {
	if h.Dialect == "generic" && len(h.Mapping) > 0 {
		return cms.Mapped(h.Mapping)
	}
	d, _ := cms.Find(h.Dialect) // the check found it
	return d
}

// Signed says whether deliveries must be signed.
func (h Hook) Signed() bool { return h.SecretFile != "" || h.SecretEnv != "" }

// Hook finds a hook of the site by its name.
func (s Site) Hook(name string) (Hook, bool) {
	i := slices.IndexFunc(s.Hooks, func(h Hook) bool { return h.Name == name })
	if i < 0 {
		return Hook{}, false
	}
	return s.Hooks[i], true
}

// RulesFor are the rules for the events of one of the site's hooks: its own, or the
// site's. The site's rules do not apply to a build hook, whose calls say nothing about
// content: each asks for a release.
func (s Site) RulesFor(h Hook) (trigger.Rules, error) {
	if len(h.Triggers.Rules) > 0 || h.Triggers.Otherwise != "" {
		return h.Triggers.compile()
	}
	if cms.IsBuildHook(h.System()) {
		return trigger.Rules{}, nil
	}
	return s.Triggers.compile()
}

func (t Triggers) compile() (trigger.Rules, error) {
	rules := make([]trigger.Rule, len(t.Rules))
	for i, r := range t.Rules {
		rules[i] = trigger.Rule{
			Name: r.Rule, Type: r.Type, Action: r.Action, Event: r.Event, Status: r.Status, From: r.From, Fields: r.Fields,
			Language: r.Language, Path: r.Path, Environment: r.Environment, Expr: r.Expr, Then: trigger.Then(r.Then),
		}
	}
	return trigger.Compile(rules, trigger.Then(t.Otherwise))
}

func (s Site) hooksWithDefaults() []Hook {
	hooks := slices.Clone(s.Hooks)
	for i, h := range hooks {
		if h.Rate == nil {
			hooks[i].Rate = new(defaultHookRate)
		}
		if h.Burst == nil {
			hooks[i].Burst = new(defaultHookBurst)
		}
	}
	return hooks
}

func checkHooks(k *checker, key string, s Site) {
	checkTriggers(k, key+".triggers", s.Triggers)
	seen := map[string]int{}
	for i, h := range s.Hooks {
		at := fmt.Sprintf("%s.hooks[%d]", key, i)
		if k.Has(at+".name") && !siteName().MatchString(h.Name) {
			k.wrong(at+".name", "%q is no name of a hook; expected small letters, digits and hyphens (at most 63), such as drupal", h.Name)
		}
		if first, twice := seen[h.Name]; twice && h.Name != "" {
			k.wrong(at+".name", "hooks[%d] is called %q too; expected another name", first, h.Name)
		}
		seen[h.Name] = i
		checkDialect(k, at, h)
		checkAmount(k, at+".rate", h.Rate)
		checkAmount(k, at+".burst", h.Burst)
		checkTriggers(k, at+".triggers", h.Triggers)
	}
}

func checkDialect(k *checker, at string, h Hook) {
	d, known := cms.Find(h.Dialect)
	switch {
	case !k.Has(at + ".dialect"):
	case !known:
		k.wrong(at+".dialect", "%q is no dialect; expected one of %s", h.Dialect, strings.Join(cms.Names(), ", "))
		return
	case h.Signed() && !d.Signed():
		secret := at + ".secret_file"
		if h.SecretFile == "" {
			secret = at + ".secret_env"
		}
		k.wrong(secret, "%s does not sign what it sends: the secret is the hook's address; expected no such key", d.Title())
	}
	if h.SecretFile != "" && h.SecretEnv != "" {
		k.wrong(at+".secret_env", "the secret is in a file or in the environment; expected one of secret_file and secret_env")
	}
	if k.Has(at+".secret_file") && h.SecretFile == "" {
		k.wrong(at+".secret_file", "is empty; expected the file with the secret")
	}
	if k.Has(at+".secret_env") && !envName().MatchString(h.SecretEnv) {
		// The value may be the secret itself, so it must not be repeated.
		k.WrongSecret(at+".secret_env", "is no name of a variable; expected letters, digits and _, such as PRESSRUN_DRUPAL_SECRET (never the secret itself)")
	}
	if h.SecretEnv != "" && envName().MatchString(h.SecretEnv) && !environ.KeptFromBuilds(h.SecretEnv) {
		k.wrong(at+".secret_env", "builds on this machine would see %s; expected a name that begins with PRESSRUN_", h.SecretEnv)
	}
	if len(h.Mapping) == 0 {
		return
	}
	if h.Dialect != "generic" {
		k.wrong(at+".mapping", "only dialect generic is mapped; expected dialect: generic, or no mapping")
		return
	}
	if err := cms.Mapping(h.Mapping).Check(); err != nil {
		k.wrong(at+".mapping", "%v", err)
	}
}

// mostCalls bounds a hook's rate and burst.
const mostCalls = 100_000

func checkAmount(k *checker, key string, n *int) {
	if n != nil && (*n < 1 || *n > mostCalls) {
		k.wrong(key, "%d is not from 1 to %d", *n, mostCalls)
	}
}

// checkTriggers reports the first mistake of rules: later ones may follow from it.
func checkTriggers(k *checker, key string, t Triggers) {
	if k.Reported(key) || k.ReportedBelow(key) {
		return
	}
	_, err := t.compile()
	if mistake, ok := errors.AsType[*trigger.RuleError](err); ok {
		at := fmt.Sprintf("%s.rules[%d]", key, mistake.Rule)
		switch mistake.Member {
		case "":
		case "name":
			at += ".rule"
		default:
			at += "." + mistake.Member
		}
		k.wrong(at, "%s", mistake.Why)
		return
	}
	if err != nil {
		k.wrong(key, "%v", err)
	}
}
