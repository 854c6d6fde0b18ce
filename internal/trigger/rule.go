package trigger

import (
	"fmt"
	"slices"
	"strings"

	"github.com/expr-lang/expr"
	"github.com/expr-lang/expr/vm"

	"github.com/pressrun/pressrun/internal/cms"
)

// Then is what to do about an event.
type Then string

// Release asks for a release now. Wait notes a change that goes out with the next
// release, which a schedule asks for. Ignore notes the event alone.
const (
	Release Then = "release"
	Wait    Then = "wait"
	Ignore  Then = "ignore"
)

var thens = []Then{Release, Wait, Ignore}

// Rule says what to do about some events. In each list, * stands for any text but "/",
// and ** for any text; an empty list is no condition, and an unknown value matches no
// entry.
type Rule struct {
	// Name tells people which rule decided.
	Name string
	// Type is the content type.
	Type []string
	// Action is what happened: created, updated, published, unpublished, archived,
	// deleted, scheduled, changed or test.
	Action []string
	// Event is the event in the system's own words.
	Event []string
	// Status is the state after the event, From the one before.
	Status, From []string
	// Fields is met when one of them changed.
	Fields []string
	// Language, Path and Environment are where the content belongs.
	Language, Path, Environment []string
	// Expr is a condition in the language of https://expr-lang.org/ over the members of
	// an event in lower case, such as type == "page" && "body" in fields.
	Expr string
	// Then is what follows.
	Then Then
}

// Bounds of a configuration's rules.
const (
	maxRules = 200
	maxExpr  = 1000 // bytes
)

// Rules are compiled rules; the zero value has none and releases for every event.
type Rules struct {
	rules     []compiled
	otherwise Then
}

type compiled struct {
	Rule
	conditions []condition
	program    *vm.Program // nil without an expression
}

// condition is one list of a rule, with the event's values that it is compared with.
type condition struct {
	name     string
	patterns []string
	of       func(cms.Event) []string
}

// RuleError is a mistake in a rule of the configuration.
type RuleError struct {
	// Rule counts from 0; Member is the rule's member, "" for the whole.
	Rule   int
	Member string
	Why    string
}

func (e *RuleError) Error() string {
	if e.Member == "" {
		return fmt.Sprintf("rule %d: %s", e.Rule+1, e.Why)
	}
	return fmt.Sprintf("rule %d: %s: %s", e.Rule+1, e.Member, e.Why)
}

// Compile checks rules and makes them ready. otherwise is for events that no rule applies
// to; "" means Release. Errors are *RuleError.
func Compile(rules []Rule, otherwise Then) (Rules, error) {
	if otherwise == "" {
		otherwise = Release
	}
	if !slices.Contains(thens, otherwise) {
		return Rules{}, fmt.Errorf("otherwise: %q is none of release, wait and ignore", otherwise)
	}
	if len(rules) > maxRules {
		return Rules{}, fmt.Errorf("there are %d rules, more than %d", len(rules), maxRules)
	}
	out := Rules{otherwise: otherwise}
	for i, r := range rules {
		c, err := compile(i, r)
		if err != nil {
			return Rules{}, err
		}
		if hidden, by := out.hides(c); hidden {
			return Rules{}, &RuleError{Rule: i, Why: fmt.Sprintf("it never applies: rule %d (%s) takes all of its events first, with %q", by+1, out.rules[by].Name, out.rules[by].Then)}
		}
		out.rules = append(out.rules, c)
	}
	return out, nil
}

func compile(i int, r Rule) (compiled, error) {
	if r.Name == "" {
		return compiled{}, &RuleError{i, "name", "it is missing: people are told which rule decided"}
	}
	if !slices.Contains(thens, r.Then) {
		return compiled{}, &RuleError{i, "then", fmt.Sprintf("%q is none of release, wait and ignore", r.Then)}
	}
	c := compiled{Rule: r, conditions: conditionsOf(r)}
	for _, cond := range c.conditions {
		if err := cond.check(); err != nil {
			return compiled{}, &RuleError{i, cond.name, err.Error()}
		}
	}
	if r.Expr == "" {
		return c, nil
	}
	program, err := compileExpr(r.Expr)
	if err != nil {
		return compiled{}, &RuleError{i, "expr", err.Error()}
	}
	c.program = program
	return c, nil
}

// conditionsOf are the lists that a rule has.
func conditionsOf(r Rule) []condition {
	single := func(f func(cms.Event) string) func(cms.Event) []string {
		return func(e cms.Event) []string { return []string{f(e)} }
	}
	all := []condition{
		{"type", r.Type, single(func(e cms.Event) string { return e.Type })},
		{"action", r.Action, single(func(e cms.Event) string { return string(e.Action) })},
		{"event", r.Event, single(func(e cms.Event) string { return e.Name })},
		{"status", r.Status, single(func(e cms.Event) string { return e.Status })},
		{"from", r.From, single(func(e cms.Event) string { return e.Previous })},
		{"fields", r.Fields, func(e cms.Event) []string { return e.Fields }},
		{"language", r.Language, single(func(e cms.Event) string { return e.Language })},
		{"path", r.Path, single(func(e cms.Event) string { return pathOf(e.URL) })},
		{"environment", r.Environment, single(func(e cms.Event) string { return e.Environment })},
	}
	return slices.DeleteFunc(all, func(c condition) bool { return len(c.patterns) == 0 })
}

var actions = []cms.Action{cms.Created, cms.Updated, cms.Published, cms.Unpublished, cms.Archived, cms.Deleted, cms.Scheduled, cms.Changed, cms.Test}

func (c condition) check() error {
	for _, p := range c.patterns {
		if strings.TrimSpace(p) == "" {
			return fmt.Errorf("an empty entry fits nothing")
		}
		if c.name == "action" && !slices.ContainsFunc(actions, func(a cms.Action) bool { return glob(p, string(a)) }) {
			return fmt.Errorf("%q is no action: use %s", p, actionWords())
		}
	}
	return nil
}

func actionWords() string {
	words := make([]string, len(actions))
	for i, a := range actions {
		words[i] = string(a)
	}
	return strings.Join(words[:len(words)-1], ", ") + " or " + words[len(words)-1]
}

// hides says whether an earlier rule takes every event that a rule would.
func (r Rules) hides(later compiled) (hidden bool, by int) {
	for i, earlier := range r.rules {
		if earlier.Expr != "" && earlier.Expr != later.Expr {
			continue
		}
		if !slices.ContainsFunc(earlier.conditions, func(c condition) bool { return !c.covers(later.conditions) }) {
			return true, i
		}
	}
	return false, 0
}

// covers says whether a condition certainly holds wherever the others do.
func (c condition) covers(others []condition) bool {
	i := slices.IndexFunc(others, func(o condition) bool { return o.name == c.name })
	if i < 0 {
		return false
	}
	for _, p := range others[i].patterns {
		if !slices.ContainsFunc(c.patterns, func(mine string) bool {
			return mine == p || mine == "**" || (!strings.Contains(p, "*") && glob(mine, p))
		}) {
			return false
		}
	}
	return true
}

// variables are what an expression sees of an event.
type variables struct {
	Event       string   `expr:"event"`
	Action      string   `expr:"action"`
	Type        string   `expr:"type"`
	ID          string   `expr:"id"`
	Title       string   `expr:"title"`
	Path        string   `expr:"path"`
	User        string   `expr:"user"`
	Language    string   `expr:"language"`
	Status      string   `expr:"status"`
	From        string   `expr:"from"`
	Fields      []string `expr:"fields"`
	Environment string   `expr:"environment"`
	Moderated   bool     `expr:"moderated"`
}

func variablesOf(e cms.Event) variables {
	return variables{
		Event: e.Name, Action: string(e.Action), Type: e.Type, ID: e.Entity, Title: e.Title, Path: pathOf(e.URL), User: e.User, Language: e.Language,
		Status: e.Status, From: e.Previous, Fields: e.Fields, Environment: e.Environment, Moderated: e.Moderated,
	}
}

func compileExpr(text string) (*vm.Program, error) {
	if len(text) > maxExpr {
		return nil, fmt.Errorf("it is longer than %d characters", maxExpr)
	}
	program, err := expr.Compile(text, expr.Env(variables{}), expr.AsBool(), expr.MaxNodes(500))
	if err != nil {
		return nil, fmt.Errorf("%s", strings.Join(strings.Fields(err.Error()), " "))
	}
	return program, nil
}
