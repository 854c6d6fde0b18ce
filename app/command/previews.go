package command

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/pressrun/pressrun/app/auth"
	"github.com/pressrun/pressrun/app/previews"
	"github.com/pressrun/pressrun/app/problem"
	"github.com/pressrun/pressrun/internal/api"
	"github.com/pressrun/pressrun/internal/config"
	"github.com/pressrun/pressrun/internal/ledger"
	"github.com/pressrun/pressrun/internal/preview"
	"github.com/pressrun/pressrun/internal/preview/pull"
	"github.com/pressrun/pressrun/internal/text"
	"github.com/pressrun/pressrun/internal/words"
)

// Previews has previews made, extended and removed, for sites that are configured to have
// them.
type Previews struct {
	store previews.Store
	sites map[string]config.Site
	wake  func() // starts the work on changed previews
}

// NewPreviews makes the Previews of an app. wake is called after each change.
func NewPreviews(store previews.Store, sites map[string]config.Site, wake func()) *Previews {
	return &Previews{store: store, sites: sites, wake: wake}
}

// The messages of invalid fields. The pages translate them.
const (
	noSubject    = words.Key("say of what: a branch, a tag, or the number of a pull request")
	badSubject   = words.Key("this can't be previewed: expected a branch or a tag whose name has letters, digits and . _ / - + @ # alone, 200 bytes at most, or the number of a pull request")
	badName      = words.Key("expected small letters, digits and hyphens between them, 63 at most")
	keptName     = words.Key("this name can't be chosen: it means something else, as www does, or it ends as names do that are made of branches, such as menu-0123abcd")
	takenName    = words.Key("another preview has this name: choose another one, such as %s")
	goneName     = words.Key("a preview that is gone keeps this name until %s, so that its old links show nothing else: choose another one, such as %s")
	standingName = words.Key("the preview that stands has another name: leave this out, or remove that one first")
	badDays      = words.Key("expected a number of days from 1 to 90")
	badContent   = words.Key("previews of this site are not built with this content")
)

var fieldSentences = words.SentencesOf(noSubject, badSubject, badName, keptName, takenName, goneName, standingName, badDays, badContent)

// FieldWords is the message of an invalid field in a language.
func FieldWords(l words.Language, v api.Violation) string {
	if said, is := fieldSentences.Again(l, v.Message); is {
		return said
	}
	return l.Say(string(badSubject))
}

// day is the unit of how long previews stay.
const day = 24 * time.Hour

// Create asks for a new preview, or for a new build of an existing one. An invalid input is
// an *api.Problem with its place.
func (p *Previews) Create(ctx context.Context, who *auth.Caller, site string, in api.PreviewInput) (pull.State, error) {
	conf, err := p.configured(site)
	if err != nil {
		return pull.State{}, err
	}
	number, branch, err := pull.Subject(in.Ref)
	switch {
	case errors.Is(err, pull.ErrNothing):
		return pull.State{}, invalid("ref", noSubject)
	case err != nil:
		return pull.State{}, invalid("ref", badSubject)
	}
	made := preview.Name(pull.State{Number: number, Branch: branch}.Ref())
	wish, err := wishOf(conf, in, made)
	if err != nil {
		return pull.State{}, err
	}
	ask := asking{site: site, number: number, event: ledger.Event{Kind: ledger.KindPreviewAsked, By: who.Name, Why: in.Ref}}
	ask.form = func(s *pull.State) (pull.Form, error) {
		s.Branch = branch
		wish := wish
		if s.Stands {
			if wish.Name != "" && wish.Name != s.Name() {
				return pull.Form{}, invalid("name", standingName)
			}
			wish.Name = s.Wish.Name // also if it is gone by the time that this is looked into
		} else if wish.Name == made {
			wish.Name = ""
		}
		s.Wish.Name = wish.Name // at once: others are compared with it
		return pull.Form{Kind: pull.Create, Wish: wish}, nil
	}
	out, err := p.change(ctx, ask)
	if taken, is := errors.AsType[*nameTaken](err); is && taken.free() {
		if err := p.releaseName(ctx, taken.by); err != nil {
			return pull.State{}, err
		}
		out, err = p.change(ctx, ask)
	}
	if taken, is := errors.AsType[*nameTaken](err); is {
		return pull.State{}, taken.problem()
	}
	return out, err
}

// wishOf is how a preview is asked for. A name may be chosen that a branch of this name would
// have: none that is made of another one.
func wishOf(conf config.SitePreviews, in api.PreviewInput, made string) (pull.Wish, error) {
	w := pull.Wish{Name: strings.TrimSpace(in.Name), Content: preview.Content(in.Content)}
	switch {
	case w.Name == "", w.Name == made:
	case !preview.IsName(w.Name):
		return w, invalid("name", badName)
	case preview.Name(w.Name) != w.Name:
		return w, invalid("name", keptName)
	}
	if w.Content == "" {
		w.Content = preview.Content(conf.Contents()[0])
	}
	if !slices.Contains(conf.Contents(), string(w.Content)) {
		return w, invalid("content", badContent)
	}
	if in.Days != 0 {
		w.Keep = time.Duration(in.Days) * day
		if in.Days < 0 || in.Days > int(preview.MaxLife/day) {
			return w, invalid("days", badDays)
		}
	}
	return w, nil
}

// Extend asks for a preview to stay for a number of days from now on.
func (p *Previews) Extend(ctx context.Context, who *auth.Caller, site, name string, days int) (pull.State, error) {
	if days < 1 || days > int(preview.MaxLife/day) {
		return pull.State{}, invalid("days", badDays)
	}
	event := ledger.Event{Kind: ledger.KindPreviewExtended, By: who.Name, Why: text.Count(days, "day")}
	return p.ask(ctx, site, name, event, pull.Form{Kind: pull.Extend, Keep: time.Duration(days) * day})
}

// Remove asks for the removal of a preview.
func (p *Previews) Remove(ctx context.Context, who *auth.Caller, site, name string) (pull.State, error) {
	return p.ask(ctx, site, name, ledger.Event{Kind: ledger.KindPreviewRemoved, By: who.Name}, pull.Form{Kind: pull.Remove})
}

func (p *Previews) ask(ctx context.Context, site, name string, event ledger.Event, form pull.Form) (pull.State, error) {
	found, err := p.Find(ctx, site, name)
	if err != nil {
		return pull.State{}, err
	}
	return p.change(ctx, asking{site: site, number: found.Number, event: event, form: func(*pull.State) (pull.Form, error) { return form, nil }})
}

// asking is a wish of a person about a preview.
type asking struct {
	site   string
	number int64
	event  ledger.Event // for the audit trail
	// form makes the wish from the preview's state, or refuses it.
	form func(*pull.State) (pull.Form, error)
}

// change stores a wish, with an event in the audit trail, and starts the work on it. A new
// name is compared with those of the other previews in the same transaction.
func (p *Previews) change(ctx context.Context, a asking) (out pull.State, err error) {
	var refused error
	change := func(s *pull.State) bool { // it may be tried again
		out, refused = *s, nil
		if pull.Full(*s) {
			refused = problem.New(http.StatusServiceUnavailable, "unavailable", "what was asked of this preview before is still to be looked into: nothing was changed; try again in a moment")
			return false
		}
		var form pull.Form
		if form, refused = a.form(s); refused != nil {
			return false
		}
		*s = s.Receive(pull.Pending{By: a.event.By, Form: &form})
		out = *s
		return true
	}
	event := func(s pull.State) ledger.Event {
		e := a.event
		e.Site, e.Why = a.site, strings.TrimSuffix(s.Name()+": "+e.Why, ": ")
		return e
	}
	if a.event.Kind == ledger.KindPreviewAsked {
		err = p.store.ChangeBeside(ctx, a.site, a.number, change, func(others []pull.State) error { return checkName(out, others) }, event)
	} else {
		err = p.store.Change(ctx, a.site, a.number, change, event)
	}
	if err == nil && refused == nil {
		p.wake()
	}
	return out, errors.Join(err, refused)
}

// List are the previews of a site that people ask the app for, those of pull requests first.
func (p *Previews) List(ctx context.Context, site string) ([]pull.State, error) {
	if _, err := p.configured(site); err != nil {
		return nil, err
	}
	return p.store.Of(ctx, site)
}

// Find is the preview of a name.
func (p *Previews) Find(ctx context.Context, site, name string) (pull.State, error) {
	all, err := p.List(ctx, site)
	if err != nil {
		return pull.State{}, err
	}
	for _, s := range all {
		if s.Name() == name {
			return s, nil
		}
	}
	return pull.State{}, problem.New(http.StatusNotFound, "not_found", "there is no preview of this name")
}

// Address is the web address of a preview.
func (p *Previews) Address(s pull.State) string {
	if conf := p.sites[s.Site].GitHub.Previews; conf != nil {
		return pull.Address(conf.Address, s.Name())
	}
	return ""
}

func (p *Previews) configured(site string) (config.SitePreviews, error) {
	conf := p.sites[site].GitHub.Previews
	if conf == nil {
		return config.SitePreviews{}, problem.New(http.StatusNotFound, "no_previews", "the configuration has no previews of this site: add github.previews to it, with the address where they are looked at")
	}
	return *conf, nil
}

func invalid(field string, why words.Key, args ...any) error {
	return problem.Invalid("body."+field, fmt.Sprintf(string(why), args...))
}
