package trigger

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/pressrun/pressrun/internal/cms"
)

func compileRules(t testing.TB, otherwise Then, rules ...Rule) Rules {
	t.Helper()
	r, err := Compile(rules, otherwise)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestTheFirstRuleThatAppliesDecides(t *testing.T) {
	rules := compileRules(t, Wait,
		Rule{Name: "drafts", Status: []string{"draft"}, Then: Ignore},
		Rule{Name: "urgent", Type: []string{"banner", "alert*"}, Action: []string{"published", "archived"}, Then: Release},
		Rule{Name: "news", Path: []string{"/news/**"}, Language: []string{"en"}, Then: Release},
		Rule{Name: "hours", Fields: []string{"field_hours*"}, Then: Release},
		Rule{Name: "by hand", Expr: `user == "ana" && title contains "now" && len(fields) < 3`, Then: Release},
	)
	for _, c := range []struct {
		name  string
		event cms.Event
		then  Then
		rule  string
	}{
		{"a draft of an urgent type", cms.Event{Type: "banner", Status: "draft", Action: cms.Published}, Ignore, "drafts"},
		{"an urgent type", cms.Event{Type: "alert_big", Status: "published", Action: cms.Published}, Release, "urgent"},
		{"an urgent type that was only saved", cms.Event{Type: "banner", Action: cms.Updated}, Wait, ""},
		{"a path below another", cms.Event{URL: "https://www.example.gov/news/2026/a/?x=1", Language: "en"}, Release, "news"},
		{"a path in another language", cms.Event{URL: "/news/2026/a", Language: "es"}, Wait, ""},
		{"a language that is not known", cms.Event{URL: "/news/2026/a"}, Wait, ""},
		{"one field of several", cms.Event{Fields: []string{"title", "field_hours_mon"}}, Release, "hours"},
		{"an expression", cms.Event{User: "ana", Title: "out now"}, Release, "by hand"},
		{"a test", cms.Event{Action: cms.Test, Type: "banner"}, Ignore, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := rules.Decide(c.event)
			if got.Then != c.then || got.Rule != c.rule || got.Why == "" {
				t.Errorf("got %+v, want %s by %q", got, c.then, c.rule)
			}
		})
	}
	if got := (Rules{}).Decide(cms.Event{}); got.Then != Release {
		t.Errorf("without rules: %+v", got)
	}
}

func TestADecisionSaysWhichConditionsDidNotHold(t *testing.T) {
	rules := compileRules(t, Wait,
		Rule{Name: "urgent", Type: []string{"banner", "alert"}, Then: Release},
		Rule{Name: "gone", Type: []string{"page"}, From: []string{"published"}, Then: Release},
		Rule{Name: "long", Expr: `len(fields) > 2`, Then: Release},
	)
	got := rules.Decide(cms.Event{Type: "page", Action: cms.Updated})
	want := "[{urgent type is \"page\", not one of banner, alert} {gone from is not known, not \"published\"} {long its expression is false: len(fields) > 2}]"
	if fmt.Sprint(got.Passed) != want {
		t.Errorf("got  %v\nwant %s", got.Passed, want)
	}
}

func TestRulesThatCannotBeMeantAreRefusedWithTheirPlace(t *testing.T) {
	for _, c := range []struct {
		want  string
		rules []Rule
	}{
		{"rule 1: name: it is missing", []Rule{{Then: Release}}},
		{`rule 1: then: "now" is none of`, []Rule{{Name: "a", Then: "now"}}},
		{`rule 1: action: "publish" is no action: use created`, []Rule{{Name: "a", Action: []string{"publish"}, Then: Release}}},
		{"rule 1: type: an empty entry", []Rule{{Name: "a", Type: []string{""}, Then: Release}}},
		{"rule 1: expr: unknown name tpye", []Rule{{Name: "a", Expr: `tpye == "page"`, Then: Release}}},
		{"rule 1: expr: expected bool, but got string", []Rule{{Name: "a", Expr: `type`, Then: Release}}},
		{"rule 1: expr: it is longer", []Rule{{Name: "a", Expr: strings.Repeat(" ", 2000), Then: Release}}},
		{"rule 2: it never applies: rule 1 (all)", []Rule{{Name: "all", Then: Wait}, {Name: "b", Type: []string{"page"}, Then: Release}}},
		{`rule 2: it never applies: rule 1 (pages) takes all of its events first, with "wait"`, []Rule{{Name: "pages", Type: []string{"page*"}, Then: Wait}, {Name: "b", Type: []string{"page_a", "page_b"}, Status: []string{"published"}, Then: Release}}},
	} {
		_, err := Compile(c.rules, "")
		if _, ok := errors.AsType[*RuleError](err); !ok || !strings.Contains(err.Error(), c.want) {
			t.Errorf("got %v, want an error with %q", err, c.want)
		}
	}
	if _, err := Compile(nil, "never"); err == nil {
		t.Error(`otherwise: "never" was accepted`)
	}
	if _, err := Compile(make([]Rule, maxRules+1), ""); err == nil {
		t.Error("too many rules were accepted")
	}
	compileRules(t, "", Rule{Name: "a", Type: []string{"page"}, Expr: "moderated", Then: Wait}, Rule{Name: "b", Type: []string{"page"}, Then: Release})
}

func TestGlob(t *testing.T) {
	for _, c := range []struct {
		pattern, text string
		want          bool
	}{
		{"page", "page", true},
		{"page", "pages", false},
		{"*", "page", true},
		{"*", "", true},
		{"*", "a/b", false},
		{"**", "a/b", true},
		{"/news/**", "/news/", true},
		{"/news/*", "/news/a/b", false},
		{"/*/a", "/x/a", true},
		{"/**/a", "/x/y/a", true},
		{"a*b*c", "aXbXc", true},
		{"a*b*c", "acb", false},
		{strings.Repeat("*a", 30), strings.Repeat("a", 60) + "b", false},
	} {
		if got := glob(c.pattern, c.text); got != c.want {
			t.Errorf("glob(%q, %q) is %v", c.pattern, c.text, got)
		}
	}
}

// TestARuleThatIsSaidToBeHiddenNeverDecides draws pairs of rules: where Compile
// refuses the second, no event reaches it.
func TestARuleThatIsSaidToBeHiddenNeverDecides(t *testing.T) {
	words := []string{"page", "page_a", "banner", "p*", "*"}
	list := rapid.SliceOfN(rapid.SampledFrom(words), 0, 2)
	rapid.Check(t, func(t *rapid.T) {
		first := Rule{Name: "first", Type: list.Draw(t, "type"), Status: list.Draw(t, "status"), Then: Wait}
		second := Rule{Name: "second", Type: list.Draw(t, "type"), Status: list.Draw(t, "status"), Then: Release}
		_, err := Compile([]Rule{first, second}, "")
		reached := false
		one, _ := Compile([]Rule{first}, Ignore)
		two, _ := Compile([]Rule{second}, Ignore)
		for _, kind := range []string{"", "page", "page_a", "banner", "other"} {
			for _, status := range []string{"", "page", "page_a", "banner", "other"} {
				e := cms.Event{Type: kind, Status: status}
				reached = reached || (one.Decide(e).Then == Ignore && two.Decide(e).Then == Release)
			}
		}
		if err != nil && reached {
			t.Fatalf("%v, but an event reaches the second of %+v, %+v", err, first, second)
		}
	})
}

func FuzzExpr(f *testing.F) {
	for _, text := range []string{`type == "page"`, `"body" in fields`, `all(fields, # startsWith "f")`, `repeat("a", 1000000) == title`, `1/0 == 1`} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		r, err := Compile([]Rule{{Name: "x", Expr: text, Then: Release}}, Wait)
		if err == nil {
			r.Decide(cms.Event{Type: "page", Fields: []string{"a", "b"}})
		}
	})
}
