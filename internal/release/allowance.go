package release

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// Guards are names of a deploy's guards, sorted and joined by commas: releases that
// name them can be compared.
type Guards string

// GuardsOf makes Guards of names. What is no name is left out.
func GuardsOf(names ...string) Guards {
	names = slices.DeleteFunc(slices.Clone(names), func(name string) bool { return name == "" || strings.Contains(name, ",") })
	slices.Sort(names)
	return Guards(strings.Join(slices.Compact(names), ","))
}

// Names are the guards one by one, nil for none.
func (g Guards) Names() []string {
	if g == "" {
		return nil
	}
	return strings.Split(string(g), ",")
}

// String lists the names for people.
func (g Guards) String() string { return strings.Join(g.Names(), ", ") }

// Allowance lets guards of a deploy pass, for one release: who allowed that and why.
type Allowance struct {
	Act
	Guards Guards `json:"guards,omitzero"`
}

// words are the allowance in the audit trail.
func (a Allowance) words() string {
	if a.Why == "" {
		return "let pass once: " + a.Guards.String()
	}
	return fmt.Sprintf("let pass once: %s: %s", a.Guards, a.Why)
}

// Allowable are the guards that may be let pass now: those that stopped the release
// whose requests wait, with those that it was let pass already. None once the
// release that takes them up is on its way, or when something else ended the last.
func (s Site) Allowable() Guards {
	waits := s.State == Requested && s.Current.Dispatch.Token == ""
	if !waits || s.Current.Retry == 0 || s.Current.Retry != s.Last.Number || s.Last.Guards == "" {
		return ""
	}
	return GuardsOf(append(s.Last.Guards.Names(), s.Last.Allowed.Guards.Names()...)...)
}

// letPass has the waiting release go at once, with guards let pass that stopped the
// one before it. The allowance is the release's: it goes with it through a dispatch
// that is sent again, and no other release has it.
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
