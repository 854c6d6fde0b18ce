package command

import (
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/pressrun/pressrun/app/auth"
	"github.com/pressrun/pressrun/app/previews"
	"github.com/pressrun/pressrun/internal/api"
	"github.com/pressrun/pressrun/internal/config"
	"github.com/pressrun/pressrun/internal/ledger"
	"github.com/pressrun/pressrun/internal/ledger/sqlite"
	"github.com/pressrun/pressrun/internal/preview"
	"github.com/pressrun/pressrun/internal/preview/pull"
	"github.com/pressrun/pressrun/internal/words"
	"github.com/pressrun/pressrun/test/ledgerfile"
)

// asked are previews that nobody makes: what is asked for waits.
type asked struct {
	*Previews
	t      *testing.T
	ledger *ledger.Ledger
	who    *auth.Caller
}

func startAsked(t *testing.T) asked {
	t.Helper()
	l, err := ledger.Open(t.Context(), sqlite.At(filepath.Join(ledgerfile.Folder(t), "pressrun.db")), ledger.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := l.Close(); err != nil {
			t.Error(err)
		}
	})
	conf := config.Site{GitHub: config.SiteGitHub{Previews: &config.SitePreviews{Address: "https://*.preview.example.gov"}}}
	return asked{NewPreviews(previews.New(l), map[string]config.Site{"www": conf}, func() {}), t, l, &auth.Caller{Name: "ada", Role: auth.Editor}}
}

// refusal is the field and the words of what a preview of a name is refused for.
func (a asked) refusal(ref, name string) string {
	a.t.Helper()
	_, err := a.Create(a.t.Context(), a.who, "www", api.PreviewInput{Ref: ref, Name: name})
	if err == nil {
		return ""
	}
	p, is := errors.AsType[*api.Problem](err)
	if !is || len(p.Errors) != 1 {
		a.t.Fatalf("%s, named %q: %v", ref, name, err)
	}
	return p.Errors[0].Location + ": " + p.Errors[0].Message
}

// stands has it that the preview of a branch is there, as after its run began.
func (a asked) stands(ref string, stands bool) {
	a.t.Helper()
	a.change(ref, func(s *pull.State) {
		for _, h := range s.Pending {
			if e, is := h.Event(); is {
				*s = pull.Step(*s, e, ledger.Now())
			}
		}
		s.Pending, s.Stands = nil, stands
	})
}

// change changes what is kept of a preview.
func (a asked) change(ref string, f func(*pull.State)) {
	a.t.Helper()
	number, _, err := pull.Subject(ref)
	if err != nil {
		a.t.Fatal(err)
	}
	err = a.store.Change(a.t.Context(), "www", number, func(s *pull.State) bool {
		f(s)
		return true
	})
	if err != nil {
		a.t.Fatal(err)
	}
}

// names are those of all previews, each once.
func (a asked) names() map[string]string {
	a.t.Helper()
	all, err := a.List(a.t.Context(), "www")
	if err != nil {
		a.t.Fatal(err)
	}
	out := map[string]string{}
	for _, s := range all {
		if other := out[s.Name()]; other != "" {
			a.t.Errorf("%s and %s are both named %s", other, s.Ref(), s.Name())
		}
		out[s.Name()] = s.Ref()
	}
	return out
}

func TestNoTwoPreviewsOfASiteHaveOneName(t *testing.T) {
	const other = "body.name: " + string(standingName)
	taken := func(free string) string { return fmt.Sprintf("body.name: "+string(takenName), free) }
	a := startAsked(t)
	for _, c := range []struct{ ref, name, want string }{
		{"feature/menu", "menu", ""},
		{"menu", "", taken("menu-2")}, // that its branch would give it
		{"menu", "menu", taken("menu-2")},
		{"menu", "carte", ""},
		{"feature/other", "carte", taken("carte-2")},
		{"menu-2", "", ""},
		{"feature/other", "menu", taken("menu-3")},
		{"spring", "", ""},
		{"12", "spring", taken("spring-2")},
		{"12", "", ""},
		{"feature/menu", "menu", ""}, // its own
	} {
		if got := a.refusal(c.ref, c.name); got != c.want {
			t.Errorf("%s, named %q: refused as %q, want %q", c.ref, c.name, got, c.want)
		}
		a.names()
	}
	// One that stands keeps its name, also where the one that its branch would give it is taken.
	a.stands("menu", true)
	a.stands("feature/menu", true)
	if got := a.refusal("menu", "spring"); got != other {
		t.Errorf("another name of one that stands: %q", got)
	}
	for _, name := range []string{"", "carte"} {
		if got := a.refusal("menu", name); got != "" {
			t.Errorf("one that stands, built anew with the name %q: %s", name, got)
		}
	}
	a.stands("menu", false) // it was removed before that was looked into
	if got := a.names(); got["menu"] != "feature/menu" || got["carte"] != "menu" {
		t.Errorf("the names are %v", got)
	}
}

// refused has it that GitHub does not know a branch, or knows that a pull request is closed.
func (a asked) refused(ref string, now pull.Refreshed) {
	a.t.Helper()
	now.Closed = true
	a.change(ref, func(s *pull.State) {
		*s = pull.Step(*s, now, ledger.Now())
		for _, h := range s.Pending {
			e, _ := h.Event()
			*s = pull.Step(*s, e, ledger.Now())
		}
		s.Pending, s.Stale = nil, false
	})
}

func TestWhatWasRefusedKeepsNoName(t *testing.T) {
	a := startAsked(t)
	for _, one := range []struct {
		ref, name string // of what is refused
		now       pull.Refreshed
		other     string // that wants the name
	}{
		{"feature/mneu", "menu", pull.Refreshed{}, "feature/menu"},
		{"404", "carte", pull.Refreshed{}, "feature/carte"},
		{"12", "spring", pull.Refreshed{Head: "abc"}, "feature/spring"},
		{"summer", "summer", pull.Refreshed{}, "feature/summer"},
	} {
		for _, ref := range []string{one.ref, one.other} {
			if ref == one.other {
				a.refused(one.ref, one.now)
			}
			if got := a.refusal(ref, one.name); got != "" {
				t.Errorf("%s, named %s: %s", ref, one.name, got)
			}
		}
		if got := a.names()[one.name]; got != one.other {
			t.Errorf("the name %s is that of %q, want %s", one.name, got, one.other)
		}
	}
	all, err := a.List(t.Context(), "www")
	if err != nil || len(all) != 6 || all[0].Ref() != "pull/404" || all[1].Ref() != "pull/12" { // their comments are known by these
		t.Errorf("there are %+v (%v)", all, err)
	}
}

func TestAPreviewThatIsGoneKeepsItsNameAsLongAsItsOldLinksMatter(t *testing.T) {
	a := startAsked(t)
	for _, ref := range []string{"feature/menu", "12"} {
		name := map[string]string{"12": "spring"}[ref]
		if name == "" {
			name = "menu"
		}
		if got := a.refusal(ref, name); got != "" {
			t.Fatal(got)
		}
		a.stands(ref, true)
		gone := time.Date(2026, 11, 30, 12, 0, 0, 0, time.UTC)
		a.change(ref, func(s *pull.State) {
			*s = pull.Step(*s, pull.AskedRemove{By: "ada"}, gone)
			s.Stands = false
		})
		want := fmt.Sprintf("body.name: "+string(goneName), "2026-12-30 12:00 UTC", name+"-2")
		if got := a.refusal("feature/other", name); ledger.Now().Before(gone.Add(preview.Reserve)) && got != want {
			t.Errorf("%s: refused as %q, want %q", ref, got, want)
		}
		if got := a.refusal(ref, name); got != "" {
			t.Errorf("%s: its own name is refused: %s", ref, got)
		}
		a.stands(ref, true)
		a.change(ref, func(s *pull.State) {
			*s = pull.Step(*s, pull.AskedRemove{By: "ada"}, ledger.Now().Add(-preview.Reserve))
			s.Stands = false
		})
		if got := a.refusal("feature/other-"+name, name); got != "" {
			t.Errorf("%s: long after: %s", ref, got)
		}
		a.names()
	}
	es, _ := words.Named("es")
	said := FieldWords(es, api.Violation{Message: fmt.Sprintf(string(goneName), "2026-12-30 12:00 UTC", "menu-2")})
	if said != es.Say(string(goneName), "2026-12-30 12:00 UTC", "menu-2") || strings.Contains(said, "gone") {
		t.Errorf("in Spanish: %q", said)
	}
}

func TestTheNameThatIsProposedCanBeChosen(t *testing.T) {
	for _, name := range []string{"menu", strings.Repeat("a", 63), strings.Repeat("a", 60) + "-bc", "menu-2"} {
		others := []pull.State{{Branch: name}}
		for range 12 {
			free := freeName(name, others)
			if !preview.IsName(free) || preview.Name(free) != free || slices.ContainsFunc(others, func(s pull.State) bool { return s.Name() == free }) {
				t.Errorf("%s: %q is proposed", name, free)
			}
			others = append(others, pull.State{Branch: free})
		}
	}
}

func TestOfTwoWhoChooseOneNameAtOnceOneIsRefused(t *testing.T) {
	a := startAsked(t)
	const many = 8
	done := make(chan error)
	for n := range many {
		go func() {
			_, err := a.Create(t.Context(), a.who, "www", api.PreviewInput{Ref: fmt.Sprint("feature/", n), Name: "menu"})
			done <- err
		}()
	}
	refused := 0
	for range many {
		if err := <-done; err != nil {
			refused++
		}
	}
	if all := a.names(); refused != many-1 || len(all) != 1 {
		t.Errorf("%d were refused, and there are %v", refused, all)
	}
}

func TestNamesThatCannotBeChosen(t *testing.T) {
	a := startAsked(t)
	for name, want := range map[string]string{
		"Menu": string(badName), "a--b": string(badName), strings.Repeat("a", 64): string(badName),
		"www": string(keptName), "admin": string(keptName), "menu-0123abcd": string(keptName), preview.Name("feature/other"): string(keptName),
	} {
		if got := a.refusal("feature/menu", name); got != "body.name: "+want {
			t.Errorf("%s: %q", name, got)
		}
	}
	if got := a.refusal("feature/menu", preview.Name("feature/menu")); got != "" {
		t.Errorf("the name that it has anyway: %s", got)
	}
}

func TestWhatIsAskedOnThePageIsKeptOrRefused(t *testing.T) {
	a := startAsked(t)
	in := api.PreviewInput{Ref: "12"}
	if _, err := a.Create(t.Context(), a.who, "www", in); err != nil {
		t.Fatal(err)
	}
	err := a.store.Change(t.Context(), "www", 12, func(s *pull.State) bool { // a storm of comments
		for range 100 {
			*s = s.Receive(pull.Pending{By: "eve", Comment: "/preview remove"})
		}
		return true
	})
	if err != nil {
		t.Fatal(err)
	}
	kept := 1
	for range 100 {
		_, err := a.Create(t.Context(), a.who, "www", in)
		if p, is := errors.AsType[*api.Problem](err); err != nil && (!is || p.Status != http.StatusServiceUnavailable) {
			t.Fatal(err)
		}
		if err == nil {
			kept++
		}
	}
	found, err := a.store.Of(t.Context(), "www")
	if err != nil {
		t.Fatal(err)
	}
	forms := 0
	for _, h := range found[0].Pending {
		if h.Form != nil {
			forms++
		}
	}
	if forms != kept || kept < 2 || len(found[0].Pending) > 50 {
		t.Errorf("%d were acknowledged, %d are kept, in all %d", kept, forms, len(found[0].Pending))
	}
}

func TestTheAuditTrailCountsDays(t *testing.T) {
	a := startAsked(t)
	if _, err := a.Create(t.Context(), a.who, "www", api.PreviewInput{Ref: "menu"}); err != nil {
		t.Fatal(err)
	}
	if _, err := a.Extend(t.Context(), a.who, "www", "menu", 1); err != nil {
		t.Fatal(err)
	}
	events, err := a.ledger.Events(t.Context(), "www", 0, 10)
	if err != nil || len(events) != 2 || events[1].Why != "menu: 1 day" {
		t.Errorf("the trail is %+v (%v)", events, err)
	}
}

// What a form and the API let through is what is taken, and what people are told.
func TestTheBoundsOfPreviewsAreTheSameEverywhere(t *testing.T) {
	days, ref := strconv.Itoa(int(preview.MaxLife/day)), strconv.Itoa(pull.MaxBranch)
	for _, one := range []struct {
		of    any
		field string
		tag   string
		want  string
	}{
		{api.PreviewInput{}, "Days", "maximum", days},
		{api.PreviewLife{}, "Days", "maximum", days},
		{api.PreviewInput{}, "Ref", "maxLength", ref},
	} {
		field, _ := reflect.TypeOf(one.of).FieldByName(one.field)
		if got := field.Tag.Get(one.tag); got != one.want {
			t.Errorf("%T.%s has the %s %s, want %s", one.of, one.field, one.tag, got, one.want)
		}
	}
	for file, want := range map[string]map[string]string{
		"previews.html": {`name="days"[^>]* max="([0-9]+)"`: days, `name="ref"[^>]* maxlength="([0-9]+)"`: ref},
		"preview.html":  {`name="days"[^>]* max="([0-9]+)"`: days},
	} {
		page, err := os.ReadFile(filepath.Join("../pages/templates", file))
		if err != nil {
			t.Fatal(err)
		}
		for field, bound := range want {
			if m := regexp.MustCompile(field).FindSubmatch(page); m == nil || string(m[1]) != bound {
				t.Errorf("%s: %s is %q, want %s", file, field, m, bound)
			}
		}
	}
	for _, l := range words.All() {
		for key, bound := range map[words.Key]string{badDays: days, badSubject: ref} {
			if said := l.Say(string(key)); !strings.Contains(said, " "+bound) {
				t.Errorf("%s: %q tells not of %s", l.Tag(), said, bound)
			}
		}
	}
}
