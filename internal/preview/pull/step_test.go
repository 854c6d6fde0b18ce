package pull_test

import (
	"fmt"
	"regexp"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/pressrun/pressrun/internal/preview"
	"github.com/pressrun/pressrun/internal/preview/pull"
)

var start = time.Date(2026, 11, 30, 12, 0, 0, 0, time.UTC)

func commit(n int) string { return fmt.Sprintf("%040x", n) }

// after is the state that events make, one a minute.
func after(events ...pull.Event) pull.State {
	s := pull.State{Site: "www", Number: 12, Mark: "m"}
	for i, e := range events {
		s = pull.Step(s, e, start.Add(time.Duration(i)*time.Minute))
	}
	return s
}

func begun(kind pull.Kind, commit string) pull.Event {
	return pull.Began{Act: pull.Act{Do: pull.Dispatch, Kind: kind, Commit: commit}, Token: "t"}
}

func TestWhatIsToBeDone(t *testing.T) {
	open, fork := pull.Refreshed{Head: commit(1)}, pull.Refreshed{Head: commit(1), Fork: true}
	shown := []pull.Event{open, pull.Asked{By: "ada"}, begun(pull.Create, commit(1)), pull.Sent{Token: "t", ID: "7"}, pull.Ended{ID: "7", Good: true}}
	with := func(more ...pull.Event) []pull.Event { return append(append([]pull.Event{}, shown...), more...) }
	for name, c := range map[string]struct {
		events []pull.Event
		want   pull.Act
	}{
		"nobody asked":                                {[]pull.Event{open}, pull.Act{}},
		"asked":                                       {[]pull.Event{open, pull.Asked{By: "ada"}}, pull.Act{Do: pull.Dispatch, Kind: pull.Create, Commit: commit(1)}},
		"a fork without approval":                     {[]pull.Event{fork, pull.Asked{By: "ada"}}, pull.Act{}},
		"a fork, approved":                            {[]pull.Event{fork, pull.Trust{By: "ada", Commit: commit(1)}}, pull.Act{Do: pull.Dispatch, Kind: pull.Create, Commit: commit(1)}},
		"a fork, another commit approved":             {[]pull.Event{fork, pull.Asked{By: "ada"}, pull.Trust{By: "ada", Commit: commit(2)}}, pull.Act{}},
		"a fork, a short name approved":               {[]pull.Event{fork, pull.Asked{By: "ada"}, pull.Trust{By: "ada", Commit: commit(1)[:7]}}, pull.Act{}},
		"a fork that was pushed to since":             {[]pull.Event{fork, pull.Trust{By: "ada", Commit: commit(1)}, pull.Refreshed{Head: commit(2), Fork: true}}, pull.Act{}},
		"a fork that was closed and opened":           {[]pull.Event{fork, pull.Trust{By: "ada", Commit: commit(1)}, pull.Refreshed{Head: commit(1), Fork: true, Closed: true}, fork, pull.Asked{By: "ada"}}, pull.Act{}},
		"shown":                                       {with(), pull.Act{}},
		"pushed":                                      {with(pull.Refreshed{Head: commit(2)}), pull.Act{Do: pull.Dispatch, Kind: pull.Create, Commit: commit(2)}},
		"closed":                                      {with(pull.Refreshed{Head: commit(1), Closed: true}), pull.Act{Do: pull.Dispatch, Kind: pull.Remove}},
		"asked for its end":                           {with(pull.AskedRemove{By: "ada"}), pull.Act{Do: pull.Dispatch, Kind: pull.Remove}},
		"asked for more time":                         {with(pull.AskedExtend{By: "ada", Keep: time.Hour}), pull.Act{Do: pull.Dispatch, Kind: pull.Extend, Keep: time.Hour}},
		"asked for too much time":                     {with(pull.AskedExtend{By: "ada", Keep: 10000 * time.Hour}), pull.Act{}},
		"removed":                                     {with(pull.AskedRemove{By: "ada"}, begun(pull.Remove, ""), pull.Sent{Token: "t", ID: "8"}, pull.Ended{ID: "8", Good: true}), pull.Act{}},
		"removed, and pushed":                         {with(pull.AskedRemove{By: "ada"}, begun(pull.Remove, ""), pull.Sent{Token: "t", ID: "8"}, pull.Ended{ID: "8", Good: true}, pull.Refreshed{Head: commit(2)}), pull.Act{}},
		"a build that failed":                         {[]pull.Event{open, pull.Asked{By: "ada"}, begun(pull.Create, commit(1)), pull.Sent{Token: "t", ID: "7"}, pull.Ended{ID: "7", Why: "at the step"}}, pull.Act{}},
		"a build that failed, asked again":            {[]pull.Event{open, pull.Asked{By: "ada"}, begun(pull.Create, commit(1)), pull.Sent{Token: "t", ID: "7"}, pull.Ended{ID: "7"}, pull.Asked{By: "ada"}}, pull.Act{Do: pull.Dispatch, Kind: pull.Create, Commit: commit(1)}},
		"a build of what is no longer newest":         {[]pull.Event{open, pull.Asked{By: "ada"}, begun(pull.Create, commit(1)), pull.Sent{Token: "t", ID: "7"}, pull.Refreshed{Head: commit(2)}}, pull.Act{Do: pull.Cancel}},
		"refused by GitHub, asked for its end":        {[]pull.Event{open, pull.Asked{By: "ada"}, begun(pull.Create, commit(1)), pull.NotSent{Token: "t", Why: "no", Final: true}, pull.AskedRemove{By: "ada"}}, pull.Act{}},
		"shown, refused by GitHub, asked for its end": {with(pull.Refreshed{Head: commit(2)}, begun(pull.Create, commit(2)), pull.NotSent{Token: "t", Why: "no", Final: true}, pull.AskedRemove{By: "ada"}), pull.Act{Do: pull.Dispatch, Kind: pull.Remove}},
		"a dispatch without an answer":                {[]pull.Event{open, pull.Asked{By: "ada"}, begun(pull.Create, commit(1))}, pull.Act{Do: pull.Look}},
		"asked of a closed one":                       {[]pull.Event{pull.Refreshed{Head: commit(1), Closed: true}, pull.Asked{By: "ada"}}, pull.Act{}},
	} {
		t.Run(name, func(t *testing.T) {
			s := after(c.events...)
			if got := pull.Todo(s, start.Add(time.Duration(len(c.events))*time.Minute)); got != c.want {
				t.Errorf("got %+v, want %+v, of %+v", got, c.want, s)
			}
		})
	}
}

func TestItsTimeIsOver(t *testing.T) {
	s := after(pull.Refreshed{Head: commit(1)}, pull.Asked{By: "ada"}, begun(pull.Create, commit(1)), pull.Sent{Token: "t", ID: "7"}, pull.Ended{ID: "7", Good: true})
	late := start.Add(preview.DefaultLife + time.Hour)
	s = pull.Step(s, pull.Tick{}, late)
	if got := pull.Todo(s, late); got.Kind != pull.Remove {
		t.Errorf("to do is %+v", got)
	}
	// More time that was asked for, and never given, is not waited for when it has gone.
	s = after(pull.Refreshed{Head: commit(1)}, pull.Asked{By: "ada"}, begun(pull.Create, commit(1)), pull.Sent{Token: "t", ID: "7"}, pull.Ended{ID: "7", Good: true}, pull.AskedExtend{By: "ada", Keep: time.Hour})
	if !pull.Passing(s) {
		t.Error("nobody waits for more time")
	}
	for _, e := range []pull.Event{pull.Tick{}, begun(pull.Remove, ""), pull.Sent{Token: "t", ID: "8"}, pull.Ended{ID: "8", Good: true}} {
		s = pull.Step(s, e, late)
	}
	if s.Status() != pull.Gone || pull.Passing(s) {
		t.Errorf("who sees that it is gone looks for ever: %+v", s)
	}
}

func TestCommands(t *testing.T) {
	for comment, want := range map[string]pull.Event{
		"/preview":                            pull.Asked{By: "ada"},
		"Nice!\r\n/preview create \r\nThanks": pull.Asked{By: "ada"},
		"/preview remove":                     pull.AskedRemove{By: "ada"},
		"/preview extend 30d":                 pull.AskedExtend{By: "ada", Keep: 30 * 24 * time.Hour},
		"/preview extend":                     pull.AskedExtend{By: "ada", Keep: preview.DefaultLife},
		"/preview approve " + strings.ToUpper(commit(171)): pull.Trust{By: "ada", Commit: commit(171)},
		"> /preview":                nil,
		"`/preview`":                nil,
		"```\n/preview remove\n```": nil,
		"/previews":                 nil,
		"see /preview":              nil,
		"":                          nil,
	} {
		got, is := pull.Command(comment, "ada")
		if is != (want != nil) || got != want {
			t.Errorf("%q asks for %#v, %v; want %#v", comment, got, is, want)
		}
	}
	for _, comment := range []string{"/preview $(reboot)", "/preview approve", "/preview extend soon", "/preview extend 1000d", "/preview remove now"} {
		if got, _ := pull.Command(comment, "ada"); fmt.Sprintf("%T", got) != "pull.Refused" {
			t.Errorf("%q asks for %#v", comment, got)
		}
	}
}

func FuzzCommand(f *testing.F) {
	for _, seed := range []string{"/preview", "/preview approve " + commit(1), "```\n/preview\n```", "/preview extend 30d\n/preview remove", "/preview \xff\u202e"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, comment string) {
		event, is := pull.Command(comment, "ada")
		if is != (event != nil) || is && !strings.Contains(comment, "/preview") {
			t.Errorf("%q asks for %#v", comment, event)
		}
		if e, ok := event.(pull.AskedExtend); ok && preview.CheckLife(e.Keep) != nil {
			t.Errorf("%q keeps a preview for %s", comment, e.Keep)
		}
		s := after(pull.Refreshed{Head: commit(1), Fork: true})
		if event != nil {
			s = pull.Step(s, event, start)
		}
		if act := pull.Todo(s, start); act.Kind == pull.Create && !strings.Contains(strings.ToLower(comment), commit(1)) {
			t.Errorf("%q has a fork's commit built", comment)
		}
		holdsMarkdown(t, s)
	})
}

// holdsMarkdown holds a comment against what must never be in it.
func holdsMarkdown(t interface{ Errorf(string, ...any) }, s pull.State) {
	body := pull.DisplayOf(s, "https://pull-12.preview.example.gov").Comment
	inCode := false
	for _, r := range body {
		switch {
		case r == '`':
			inCode = !inCode
		case r == '@' && !inCode:
			t.Errorf("somebody may be called by %q", body)
			return
		}
	}
	if len([]rune(body)) > 60000 || inCode {
		t.Errorf("the comment has %d characters, or code that does not end: %q", len([]rune(body)), body)
	}
}

func TestForeignTextIsOnlyShown(t *testing.T) {
	hostile := "x`](https://evil.example) @everyone <img src=x onerror=alert(1)>\n# Big\n/preview remove"
	s := after(
		pull.Refreshed{Head: commit(1)}, pull.Asked{By: "ada"}, begun(pull.Create, commit(1)), pull.Sent{Token: "t", ID: "7", URL: "javascript:alert(1)"},
		pull.Reported{ID: "7", Token: "t", Report: pull.Report{Address: "https://evil.example/)](x", Differs: &preview.Differences{
			Release: 3, Added: 500, Changed: 1, Pages: []preview.Difference{{Path: hostile + "/index.html", Change: hostile}, {Path: "über/a b.html", Change: "changed"}},
		}}.Bounded()},
		pull.Ended{ID: "7", Good: true}, pull.AskedExtend{By: hostile, Keep: -1},
	)
	body := pull.DisplayOf(s, "https://pull-12.preview.example.gov").Comment
	holdsMarkdown(t, s)
	bare := regexp.MustCompile("`[^`]*`").ReplaceAllString(body, "")
	for _, not := range []string{"evil.example](", "](https://evil.example", "<img", "javascript:", "\n# Big", "\n/preview remove"} {
		if strings.Contains(bare, not) {
			t.Errorf("the comment has %q:\n%s", not, body)
		}
	}
	for _, want := range []string{"<https://pull-12.preview.example.gov>", "(https://pull-12.preview.example.gov/%C3%BCber/a%20b.html)", "and 499 more pages"} {
		if !strings.Contains(body, want) {
			t.Errorf("the comment lacks %q:\n%s", want, body)
		}
	}
}

// TestPreviewsComeToRest: whatever happens in whatever order, no commit of a fork is
// built that nobody approved, one run is under way at a time, and once the pull request is
// closed and the runs end, nothing stands.
func TestPreviewsComeToRest(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s, now, runs := pull.State{Site: "www", Number: 12, Mark: "m"}, start, 0
		approved := map[string]bool{}
		carry := func() {
			act := pull.Todo(s, now)
			if act.Do == pull.Cancel {
				s = pull.Step(s, pull.Cancelled{Token: s.Run.Token}, now)
			}
			if act.Do != pull.Dispatch {
				return
			}
			if s.Run != nil {
				t.Fatalf("a second run begins beside %+v", *s.Run)
			}
			if act.Kind == pull.Create && (s.Closed || act.Commit != s.Head || s.Fork && !approved[act.Commit]) {
				t.Fatalf("%+v is built of %+v", act, s)
			}
			runs++
			s = pull.Step(s, pull.Began{Act: act, Token: fmt.Sprint("t", runs)}, now)
		}
		end := func(good bool) {
			if s.Run != nil {
				id := fmt.Sprint(runs)
				s = pull.Step(s, pull.Sent{Token: s.Run.Token, ID: id}, now)
				s = pull.Step(s, pull.Ended{ID: id, Good: good, Why: "bad luck"}, now)
			}
		}
		t.Repeat(map[string]func(*rapid.T){
			"ask": func(*rapid.T) { s = pull.Step(s, pull.Asked{By: "ada"}, now) },
			"approve": func(t *rapid.T) {
				c := commit(rapid.IntRange(1, 2).Draw(t, "commit"))
				if c == s.Head && s.Fork && !s.Closed {
					approved[c] = true
				}
				s = pull.Step(s, pull.Trust{By: "ada", Commit: c}, now)
			},
			"extend": func(*rapid.T) { s = pull.Step(s, pull.AskedExtend{By: "ada", Keep: 48 * time.Hour}, now) },
			"remove": func(*rapid.T) { s = pull.Step(s, pull.AskedRemove{By: "ada"}, now) },
			"see": func(t *rapid.T) {
				seen := pull.Refreshed{Head: commit(rapid.IntRange(1, 2).Draw(t, "head")), Fork: rapid.IntRange(0, 3).Draw(t, "fork") > 0, Closed: rapid.IntRange(0, 9).Draw(t, "closed") == 0}
				if seen.Closed {
					approved = map[string]bool{}
				}
				s = pull.Step(s, seen, now)
			},
			"push": func(t *rapid.T) {
				s = pull.Step(s, pull.Refreshed{Head: commit(rapid.IntRange(1, 2).Draw(t, "head")), Fork: s.Fork, Closed: s.Closed}, now)
			},
			"carry out": func(*rapid.T) { carry() },
			"end well":  func(*rapid.T) { end(true) },
			"end badly": func(*rapid.T) { end(false) },
			"a stranger's ending": func(*rapid.T) {
				before := s
				if s = pull.Step(s, pull.Ended{ID: "none", Good: true}, now); s.Shown.Commit != before.Shown.Commit || s.Stands != before.Stands {
					t.Fatalf("another run's end made %+v of %+v", s, before)
				}
			},
			"time": func(t *rapid.T) {
				now = now.Add(time.Duration(rapid.IntRange(1, 400).Draw(t, "hours")) * time.Hour)
				s = pull.Step(s, pull.Tick{}, now)
			},
			"": func(t *rapid.T) {
				holdsMarkdown(t, s)
				if act := pull.Todo(s, now); act.Do == pull.Dispatch && !pull.Passing(s) {
					t.Fatalf("who sees %q never looks again, and %+v is to be done", s.Status(), act)
				}
				if s.Status() == pull.Gone && s.Run == nil && pull.Passing(s) {
					t.Fatalf("who sees that it is gone looks for ever: %+v", s)
				}
			},
		})
		s = pull.Step(s, pull.Refreshed{Head: s.Head, Fork: s.Fork, Closed: true}, now)
		for range 4 {
			end(true)
			now = now.Add(2 * time.Hour)
			carry()
		}
		if s.Stands || s.Run != nil || s.Shown.Commit != "" || pull.DisplayOf(s, "https://p.example").Deployment.State != "" {
			t.Fatalf("left is %+v", s)
		}
	})
}
