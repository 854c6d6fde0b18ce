package checks_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/pressrun/pressrun/action/checks"
)

func TestChecksLetAReleaseBegin(t *testing.T) {
	green := func(name string) checks.Check { return checks.Check{Name: name, State: checks.Green, Word: "success"} }
	red := func(name string) checks.Check { return checks.Check{Name: name, State: checks.Red, Word: "failure"} }
	busy := func(name string) checks.Check { return checks.Check{Name: name, Word: "in_progress"} }
	began := time.Date(2026, 11, 1, 12, 0, 0, 0, time.UTC)
	many := []checks.Check{}
	for i := range 7 {
		many = append(many, red(fmt.Sprint("c", i)))
	}
	for name, c := range map[string]struct {
		checks  []checks.Check
		names   string
		red     string
		missing string
		after   time.Duration // since the wait began
		want    checks.Verdict
		says    string
	}{
		"green":                                 {[]checks.Check{green("build"), red("lint")}, "build", "", "", 0, checks.Go, "1 checks"},
		"by a glob":                             {[]checks.Check{green("ci / test (a)"), green("ci / test (b)"), busy("lint")}, "ci*test*", "", "", 0, checks.Go, "2 checks"},
		"all but one":                           {[]checks.Check{green("build"), red("codecov/patch")}, "*, !codecov/*", "", "", 0, checks.Go, ""},
		"not done":                              {[]checks.Check{green("build"), busy("test")}, "build,test", "", "", 0, checks.Wait, "not done: test (in_progress)"},
		"not done in time":                      {[]checks.Check{busy("test")}, "*", "", "", time.Hour, checks.Stop, "not done: test"},
		"red":                                   {[]checks.Check{red("test"), busy("build")}, "*", "", "", 0, checks.Stop, "red: test (failure)"},
		"red, to be run again":                  {[]checks.Check{red("test")}, "*", "wait", "", 0, checks.Wait, "red: test (failure)"},
		"red, and not run again":                {[]checks.Check{red("test")}, "*", "wait", "", time.Hour, checks.Stop, "are red: test"},
		"not begun":                             {nil, "build", "", "", time.Minute, checks.Wait, "not begun: build"},
		"not begun in time":                     {nil, "build", "", "", time.Hour, checks.Stop, "not begun: build"},
		"not begun, may be none":                {nil, "build", "", "go", time.Minute, checks.Wait, "not begun: build"},
		"none":                                  {nil, "build", "", "go", 2 * time.Minute, checks.Go, "0 checks"},
		"one is none, another not done":         {[]checks.Check{busy("test")}, "build,test", "", "go", 2 * time.Minute, checks.Wait, "not done: test"},
		"an unknown commit":                     {nil, "*", "", "", 0, checks.Wait, "not begun: *"},
		"a name with signs of regular ones":     {[]checks.Check{green("a.b (c)"), red("axb (c)")}, "a.b (c)", "", "", 0, checks.Go, ""},
		"names in lines may have commas":        {[]checks.Check{green("test (a, b)")}, "test (a, b)\n\n", "", "", 0, checks.Wait, "not begun: b), test (a"},
		"names in lines may have commas, truly": {[]checks.Check{green("test (a, b)"), green("x")}, "test (a, b)\nx", "", "", 0, checks.Go, "2 checks"},
		"many":                                  {many, "*", "", "", 0, checks.Stop, "c4 (failure) and 2 more"},
	} {
		t.Run(name, func(t *testing.T) {
			rules := checks.Rules{Names: checks.ParseNames(c.names), RedWaits: c.red == "wait", MissingGoes: c.missing == "go", Grace: began.Add(2 * time.Minute), Ends: began.Add(time.Hour)}
			got := checks.Decide(c.checks, rules, began.Add(c.after))
			if got.Verdict != c.want || name != "names in lines may have commas" && !strings.Contains(got.Why, c.says) {
				t.Errorf("it is %+v", got)
			}
		})
	}
}

func TestARunDoesNotWaitForItself(t *testing.T) {
	at := func(minute int) time.Time { return time.Date(2026, 11, 1, 12, minute, 0, 0, time.UTC) }
	all := []checks.Check{
		{Name: "Release", App: "github-actions", Run: "7", Word: "in_progress", At: at(9)},
		{Name: "Release", App: "github-actions", Run: "5", State: checks.Red, At: at(1)},
		{Name: "Release", State: checks.Green, At: at(1)},
		{Name: "build", App: "github-actions", Run: "6", State: checks.Red, At: at(2)},
		{Name: "build", App: "github-actions", Run: "8", State: checks.Green, At: at(3)},
		{Name: "build", App: "github-actions", Run: "4", State: checks.Red, At: at(1)},
	}
	want := []checks.Check{all[2], all[4]}
	if diff := cmp.Diff(want, checks.Others(all, "7")); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

// Names come from outside: any of them is a name or a pattern, and none panics.
func FuzzDecide(f *testing.F) {
	f.Add("build, test-*, !codecov/*", "build")
	f.Add("a\n**\n!", "(?")
	f.Fuzz(func(t *testing.T, names, name string) {
		d := checks.Decide([]checks.Check{{Name: name, State: checks.Green}}, checks.Rules{Names: checks.ParseNames(names), Ends: time.Unix(1, 0)}, time.Unix(0, 0))
		if d.Verdict == checks.Stop {
			t.Errorf("%q stops a green check: %s", names, d.Why)
		}
	})
}
