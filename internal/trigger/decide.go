package trigger

import (
	"fmt"
	"net/url"
	"slices"
	"strings"

	"github.com/expr-lang/expr"

	"github.com/pressrun/pressrun/internal/cms"
)

// Decision says what to do about an event, and why.
type Decision struct {
	Then Then `json:"then"`
	// Rule is the name of the rule that decided; "" when none applied.
	Rule string `json:"rule,omitempty"`
	// Why gives the reason in a sentence. It may hold text of the CMS.
	Why string `json:"why"`
	// Passed are the rules before it, each with the condition that did not hold.
	Passed []Passed `json:"passed,omitempty"`
}

// Passed is a rule that did not apply.
type Passed struct {
	Rule string `json:"rule"`
	Why  string `json:"why"`
}

// Decide says what to do about an event.
func (r Rules) Decide(e cms.Event) Decision {
	if e.Action == cms.Test {
		return Decision{Then: Ignore, Why: "It is only a test of the hook: it arrived, and asks for nothing."}
	}
	var passed []Passed
	for _, rule := range r.rules {
		why := rule.against(e)
		if why == "" {
			return Decision{Then: rule.Then, Rule: rule.Name, Why: fmt.Sprintf("The rule %q applies: %s", rule.Name, rule.Then.words()), Passed: passed}
		}
		passed = append(passed, Passed{Rule: rule.Name, Why: why})
	}
	then := r.otherwise
	if then == "" {
		then = Release
	}
	return Decision{Then: then, Why: "No rule applies: " + then.words(), Passed: passed}
}

func (t Then) words() string {
	switch t {
	case Wait:
		return "the change goes out with the next release."
	case Ignore:
		return "it asks for nothing."
	case Release:
	}
	return "it asks for a release now."
}

// against names the condition that an event does not meet; "" when it meets all.
func (c compiled) against(e cms.Event) string {
	for _, cond := range c.conditions {
		values := cond.of(e)
		if !slices.ContainsFunc(values, cond.fits) {
			return fmt.Sprintf("%s is %s, not %s", cond.name, quoted(values), alternatives(cond.patterns))
		}
	}
	if c.program == nil {
		return ""
	}
	result, err := expr.Run(c.program, variablesOf(e))
	if err != nil {
		return fmt.Sprintf("its expression failed: %v", err)
	}
	if result != true {
		return "its expression is false: " + c.Expr
	}
	return ""
}

func (c condition) fits(value string) bool {
	return value != "" && slices.ContainsFunc(c.patterns, func(p string) bool { return glob(p, value) })
}

func quoted(values []string) string {
	text := strings.Join(values, ", ")
	if text == "" {
		return "not known"
	}
	return fmt.Sprintf("%.200q", text)
}

func alternatives(patterns []string) string {
	if len(patterns) == 1 {
		return fmt.Sprintf("%q", patterns[0])
	}
	return "one of " + strings.Join(patterns, ", ")
}

// pathOf is an address's path, which begins with a slash.
func pathOf(address string) string {
	if address == "" {
		return ""
	}
	u, err := url.Parse(address)
	if err != nil {
		return address
	}
	if !strings.HasPrefix(u.Path, "/") {
		return "/" + u.Path
	}
	return u.Path
}

// glob matches a text with a pattern in which * stands for any text but "/", and **
// for any. It takes time in proportion to the product of their lengths at most.
func glob(pattern, text string) bool {
	// can[i] says whether the pattern so far matches text[:i].
	can := make([]bool, len(text)+1)
	can[0] = true
	for len(pattern) > 0 {
		next := make([]bool, len(text)+1)
		switch {
		case strings.HasPrefix(pattern, "**"):
			pattern = pattern[2:]
			spread(next, can, text, true)
		case pattern[0] == '*':
			pattern = pattern[1:]
			spread(next, can, text, false)
		default:
			for i := range len(text) {
				next[i+1] = can[i] && text[i] == pattern[0]
			}
			pattern = pattern[1:]
		}
		can = next
	}
	return can[len(text)]
}

// spread lets a star match any text from each position that the pattern has reached.
func spread(next, can []bool, text string, slashes bool) {
	on := false
	for i := range next {
		if i > 0 && !slashes && text[i-1] == '/' {
			on = false
		}
		on = on || can[i]
		next[i] = on
	}
}
