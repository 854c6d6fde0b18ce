package release

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// Guards are names of a deploy's guards, sorted and joined by commas, so that structs
// with Guards are comparable.
type Guards string

// GuardsOf makes Guards of names. Empty names, and names with a comma, are left out.
func GuardsOf(names ...string) Guards {
	names = slices.DeleteFunc(slices.Clone(names), func(name string) bool { return name == "" || strings.Contains(name, ",") })
	slices.Sort(names)
	return Guards(strings.Join(slices.Compact(names), ","))
}

// Names are the names of the guards, nil for none.
func (g Guards) Names() []string {
	if g == "" {
		return nil
	}
	return strings.Split(string(g), ",")
}

// String lists the names for people.
func (g Guards) String() string { return strings.Join(g.Names(), ", ") }

// Allowance lets guards of a deploy pass in one release, and says who allowed that and why.
type Allowance struct {
	Act
	Guards Guards `json:"guards,omitzero"`
}

// words are the allowance in words, for the audit trail.
func (a Allowance) words() string {
	if a.Why == "" {
		return "let pass once: " + a.Guards.String()
	}
	return fmt.Sprintf("let pass once: %s: %s", a.Guards, a.Why)
}

// Allowable are the guards that an operator may let pass now: those that stopped the last
// release, with those that it was let pass already. There are none once the next release
// is dispatched, or if something else ended the last one.
func (s Site) Allowable() Guards {
	waits := s.State == Requested && s.Current.Dispatch.Token == ""
	if !waits || s.Current.Retry == 0 || s.Current.Retry != s.Last.Number || s.Last.Guards == "" {
		return ""
	}
	return GuardsOf(append(s.Last.Guards.Names(), s.Last.Allowed.Guards.Names()...)...)
}

// letPass makes the waiting release due at once, and lets guards pass in it that stopped
// the one before. The allowance belongs to this release: a repeated dispatch keeps it,
// and no other release has it.
func letPass(t *turn, e LetPass) error {
	if e.Guards == "" {
		return refuse(CodeBadEvent, "name the guards that are to be let pass")
	}
	if err := checkNumber(t, e.Release); err != nil {
		return err
	}
	may := t.Allowable()
	if may == "" {
		return refuse(CodeNothingToDo, "site %s has no release that waits because a guard stopped the last one", t.Name)
	}
	for _, name := range e.Guards.Names() {
		if !slices.Contains(may.Names(), name) {
			return refuse(CodeNothingToDo, "the guard %s did not stop release #%d: it was %s", name, t.Last.Number, may)
		}
	}
	e.At = t.now
	t.Hold = Hold{}
	t.Current.NotBefore = time.Time{}
	t.Current.Allowed = Allowance{Act: e.Act, Guards: e.Guards}
	t.record(KindLetPass, e.By, t.Current.Allowed.words())
	return nil
}
