package pull_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/pressrun/pressrun/internal/preview"
	"github.com/pressrun/pressrun/internal/preview/pull"
)

func TestWhatPeopleMayAskFor(t *testing.T) {
	for text, want := range map[string]struct {
		number int64 // -1 for any below 0
		branch string
		err    error
	}{
		"12": {12, "", nil}, " #12 ": {12, "", nil}, "pull/12": {12, "", nil},
		"feature/menu": {-1, "feature/menu", nil}, "v2.1": {-1, "v2.1", nil}, "menú": {-1, "menú", nil}, "dependabot/npm_and_yarn/a-1.2+3": {-1, "dependabot/npm_and_yarn/a-1.2+3", nil},
		"": {0, "", pull.ErrNothing}, " ": {0, "", pull.ErrNothing},
		"0": {0, "", pull.ErrName}, "99999999999": {-1, "99999999999", nil}, "9999999999": {0, "", pull.ErrName},
		"-x": {0, "", pull.ErrName}, "a b": {0, "", pull.ErrName}, "a..b": {0, "", pull.ErrName}, "a/": {0, "", pull.ErrName}, "a//b": {0, "", pull.ErrName},
		"a.lock": {0, "", pull.ErrName}, "a/.b": {0, "", pull.ErrName}, "@": {0, "", pull.ErrName}, "refs/heads/a": {0, "", pull.ErrName},
		"$(x)": {0, "", pull.ErrName}, "a`b": {0, "", pull.ErrName}, "a\nb": {0, "", pull.ErrName}, "${{ x }}": {0, "", pull.ErrName}, "a;b": {0, "", pull.ErrName}, "a'b": {0, "", pull.ErrName},
		"a\u202eb": {0, "", pull.ErrName}, strings.Repeat("a", 201): {0, "", pull.ErrName},
	} {
		number, branch, err := pull.Subject(text)
		if !errors.Is(err, want.err) || branch != want.branch || want.number >= 0 && number != want.number || want.number < 0 && number >= 0 {
			t.Errorf("%q: %d, %q, %v; want %+v", text, number, branch, err, want)
		}
	}
}

func FuzzSubject(f *testing.F) {
	for _, text := range []string{"12", "feature/menu", "$(x)", "a\x00b", "\xff"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		number, branch, err := pull.Subject(text)
		switch {
		case err != nil:
			return
		case branch == "" && number < 1, branch != "" && number >= 0, number < -(1 << 53):
			t.Errorf("%q is %d of %q", text, number, branch)
		}
		if strings.ContainsAny(branch, " $`'\"\\;&|<>(){}*?!~^:\n\r\t\x00") || strings.HasPrefix(branch, "-") || strings.Contains(branch, "..") {
			t.Errorf("%q is taken for the branch %q", text, branch)
		}
		if branch != "" && (preview.CheckRef(branch) != nil || !preview.IsName(preview.Name(branch))) {
			t.Errorf("%q can't be previewed", branch)
		}
	})
}

// asked is a branch of which somebody has asked for a preview.
func asked(w pull.Wish) pull.State {
	s := pull.State{Site: "www", Number: -7, Branch: "menu"}
	s = pull.Step(s, pull.Refreshed{Head: head}, start)
	return pull.Step(s, pull.Asked{By: "ada", Wish: &w}, start)
}

const head = "0123456789012345678901234567890123456789"

func TestAWishIsBuiltAndCountsOnceForAFormThatIsSentTwice(t *testing.T) {
	wish := pull.Wish{Name: "spring", Content: preview.Drafts, Keep: preview.MaxLife}
	s := asked(wish)
	act := pull.Todo(s, start)
	if act.Kind != pull.Create || act.Commit != head || act.Keep != preview.MaxLife || s.Name() != "spring" {
		t.Fatalf("%+v of %s", act, s.Name())
	}
	s = pull.Step(s, pull.Began{Act: act, Token: "t"}, start)
	s = pull.Step(s, pull.Sent{Token: "t", ID: "1"}, start)
	if twice := pull.Step(s, pull.Asked{By: "ada", Wish: &wish}, start); pull.Todo(twice, start).Do != pull.Nothing {
		t.Errorf("the form that was sent twice is %+v", pull.Todo(twice, start))
	}
	other := pull.Step(s, pull.Asked{By: "ada", Wish: &pull.Wish{Content: preview.Last}}, start)
	if got := pull.Todo(other, start); got.Do != pull.Cancel || other.Name() != "spring" {
		t.Errorf("another wish is %+v, and the name %s", got, other.Name())
	}
	s = pull.Step(s, pull.Ended{ID: "1", Good: true}, start)
	if s.Status() != pull.Ready || s.Shown.Content != preview.Drafts || !s.Shown.Expires.Equal(start.Add(preview.MaxLife)) {
		t.Errorf("shown is %+v, %s", s.Shown, s.Status())
	}
	if again := pull.Step(s, pull.Asked{By: "ada", Wish: &wish}, start); pull.Todo(again, start).Kind != pull.Create {
		t.Errorf("asked for again, %+v is done", pull.Todo(again, start))
	}
	if plain := pull.Step(s, pull.Asked{By: "ada"}, start); pull.Todo(plain, start).Do != pull.Nothing {
		t.Errorf("a comment had %+v done", pull.Todo(plain, start))
	}
	gone := pull.Step(s, pull.Refreshed{Closed: true, Head: head}, start)
	if got := pull.Todo(gone, start); got.Kind != pull.Remove || gone.Status() != pull.Removing {
		t.Errorf("a branch that was deleted has %+v done", got)
	}
}

// TestNothingOfAPreviewIsKeptForAComment: what somebody chose ends with their preview.
func TestNothingOfAPreviewIsKeptForAComment(t *testing.T) {
	s := asked(pull.Wish{Name: "spring", Content: preview.Drafts})
	s = pull.Step(s, pull.AskedRemove{By: "ada"}, start)
	s = pull.Step(s, pull.Asked{By: "bob"}, start)
	if s.Name() != "menu" || s.Content() != preview.Last {
		t.Errorf("%s is built with %s", s.Name(), s.Content())
	}
}

func TestABranchHasNoComment(t *testing.T) {
	s := asked(pull.Wish{})
	if page := pull.DisplayOf(s, "https://menu.preview.example.gov"); page.Comment != "" || !page.Asked {
		t.Errorf("told is %+v", page)
	}
	never := pull.Step(pull.State{Number: 404}, pull.Refreshed{Closed: true}, start)
	never = pull.Step(never, pull.Asked{By: "ada", Wish: &pull.Wish{}}, start)
	if page := pull.DisplayOf(never, ""); page.Asked || never.Reason() == "" {
		t.Errorf("of what GitHub does not know is told %+v; why: %q", page, never.Reason())
	}
}
