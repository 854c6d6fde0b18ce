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
	"github.com/pressrun/pressrun/internal/words"
)

// Previews have previews made, kept and removed, of sites whose pull requests are previewed.
type Previews struct {
	store previews.Store
	sites map[string]config.Site
	wake  func() // whoever carries out
}

// NewPreviews makes the Previews of an app. wake is called when there is something to do.
func NewPreviews(store previews.Store, sites map[string]config.Site, wake func()) *Previews {
	return &Previews{store: store, sites: sites, wake: wake}
}

// What must not be, with its field. They are said in the reader's language on the pages.
const (
	noSubject    = words.Key("say of what: a branch, a tag, or the number of a pull request")
	badSubject   = words.Key("this can't be previewed: expected a branch or a tag whose name has letters, digits and . _ / - + @ # alone, or the number of a pull request")
	badName      = words.Key("expected small letters, digits and hyphens between them, 63 at most")
	takenName    = words.Key("another preview has this name: choose another one")
	standingName = words.Key("the preview that stands has another name: leave this out, or remove that one first")
	badDays      = words.Key("expected a number of days from 1 to 90")
	badContent   = words.Key("previews of this site are not built with this content")
)

// FieldWords are the words for people of what a refusal says of a field of a preview.
func FieldWords(v api.Violation) words.Key {
	for _, key := range []words.Key{noSubject, badSubject, badName, takenName, standingName, badDays, badContent} {
		if string(key) == v.Message {
			return key
		}
	}
	return badSubject
}

// day is the unit of how long previews stay.
const day = 24 * time.Hour

// Create asks for a preview, or for the one that stands to be built anew. What the input
// must not hold is an *api.Problem with its place.
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
	wish, err := wishOf(conf, in)
	if err != nil {
		return pull.State{}, err
	}
	if err := p.free(ctx, site, number, wish.Name); err != nil {
		return pull.State{}, err
	}
	asked := ledger.Event{Kind: ledger.KindPreviewAsked, By: who.Name, Why: in.Ref}
	return p.hear(ctx, site, number, asked, func(s *pull.State) error {
		if wish.Name != "" && s.Stands && s.Name() != wish.Name {
			return invalid("name", standingName)
		}
		s.Branch = branch
		*s = s.Hear(pull.Heard{By: who.Name, Form: &pull.Form{Kind: pull.Create, Wish: wish}})
		return nil
	})
}

func wishOf(conf config.SitePreviews, in api.PreviewInput) (pull.Wish, error) {
	w := pull.Wish{Name: strings.TrimSpace(in.Name), Content: preview.Content(in.Content)}
	if w.Name != "" && !preview.IsName(w.Name) {
		return w, invalid("name", badName)
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

// free refuses a name that another preview of the site has.
func (p *Previews) free(ctx context.Context, site string, number int64, name string) error {
	if name == "" {
		return nil
	}
	all, err := p.store.Of(ctx, site)
	if err != nil {
		return err
	}
	for _, s := range all {
		if s.Number != number && s.Name() == name {
			return invalid("name", takenName)
		}
	}
	return nil
}

// Extend asks for so many days from now on.
func (p *Previews) Extend(ctx context.Context, who *auth.Caller, site, name string, days int) (pull.State, error) {
	if days < 1 || days > int(preview.MaxLife/day) {
		return pull.State{}, invalid("days", badDays)
	}
	asked := ledger.Event{Kind: ledger.KindPreviewExtended, By: who.Name, Why: fmt.Sprintf("%d days", days)}
	return p.ask(ctx, site, name, asked, pull.Form{Kind: pull.Extend, Keep: time.Duration(days) * day})
}

// Remove asks for the end of a preview.
func (p *Previews) Remove(ctx context.Context, who *auth.Caller, site, name string) (pull.State, error) {
	return p.ask(ctx, site, name, ledger.Event{Kind: ledger.KindPreviewRemoved, By: who.Name}, pull.Form{Kind: pull.Remove})
}

func (p *Previews) ask(ctx context.Context, site, name string, asked ledger.Event, form pull.Form) (pull.State, error) {
	found, err := p.Find(ctx, site, name)
	if err != nil {
		return pull.State{}, err
	}
	return p.hear(ctx, site, found.Number, asked, func(s *pull.State) error {
		*s = s.Hear(pull.Heard{By: asked.By, Form: &form})
		return nil
	})
}

// hear writes down what was asked for, also in the audit trail, and has it looked at.
func (p *Previews) hear(ctx context.Context, site string, number int64, asked ledger.Event, ask func(*pull.State) error) (out pull.State, err error) {
	var refused error
	err = p.store.Change(ctx, site, number, func(s *pull.State) bool {
		refused = ask(s)
		out = *s
		return refused == nil
	}, func(s pull.State) ledger.Event {
		told := asked // it may be tried again
		told.Site, told.Why = site, strings.TrimSuffix(s.Name()+": "+asked.Why, ": ")
		return told
	})
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

// Address is where a preview is looked at.
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

func invalid(field string, why words.Key) error { return problem.Invalid("body."+field, string(why)) }
