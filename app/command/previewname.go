package command

import (
	"context"
	"slices"

	"github.com/pressrun/pressrun/internal/ledger"
	"github.com/pressrun/pressrun/internal/preview"
	"github.com/pressrun/pressrun/internal/preview/pull"
)

// nameTaken says that another preview of the site has a name.
type nameTaken struct {
	by       pull.State
	proposed string // a name that is free
}

func (n *nameTaken) Error() string { return "the name " + n.by.Name() + " is that of " + n.by.Ref() }

// free says whether the other one needs the name no more.
func (n *nameTaken) free() bool { return nameIsFree(n.by) }

func nameIsFree(s pull.State) bool {
	at, gone := pull.NameFree(s)
	return gone && !ledger.Now().Before(at)
}

// problem is the refusal at the form's field.
func (n *nameTaken) problem() error {
	at, gone := pull.NameFree(n.by)
	if !gone {
		return invalid("name", takenName, n.proposed)
	}
	return invalid("name", goneName, at.UTC().Format("2006-01-02 15:04 MST"), n.proposed)
}

// checkName returns a *nameTaken if another preview of the site has the name, chosen or made of
// its branch. One that stands keeps its own. That of a pull request can't be taken by a choice:
// it ends with digits of a hash, as no chosen one does.
func checkName(s pull.State, others []pull.State) error {
	at := slices.IndexFunc(others, func(o pull.State) bool { return o.Name() == s.Name() })
	if s.Stands || at < 0 {
		return nil
	}
	return &nameTaken{others[at], freeName(s.Name(), others)}
}

// freeName is a name like the given one that no preview has.
func freeName(name string, others []pull.State) string {
	for n := 2; ; n++ {
		free := preview.Numbered(name, n)
		if preview.Name(free) == free && !slices.ContainsFunc(others, func(o pull.State) bool { return o.Name() == free }) {
			return free
		}
	}
}

// releaseName takes the name from a preview that needs it no more. That of a pull request stays
// known, with the comment that tells of it, and gets the name that is its own.
func (p *Previews) releaseName(ctx context.Context, of pull.State) error {
	if of.Branch != "" {
		return p.store.Forget(ctx, of.Site, of.Number, nameIsFree)
	}
	return p.store.Change(ctx, of.Site, of.Number, func(s *pull.State) bool {
		free := nameIsFree(*s)
		if free {
			s.Wish = pull.Wish{}
		}
		return free
	})
}
