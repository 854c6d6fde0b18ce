package previews

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/pressrun/pressrun/internal/ledger"
	"github.com/pressrun/pressrun/internal/preview/pull"
)

// Store has the previews of all sites.
type Store struct{ ledger *ledger.Ledger }

// New is the Store of a ledger.
func New(l *ledger.Ledger) Store { return Store{l} }

const (
	// MostListed bounds how many previews of a site are read at once.
	MostListed = 1000
	// mostClashes bounds how often a change is made anew because of concurrent ones.
	mostClashes = 10
)

// Change changes the state of a preview, which is then due at once; f says whether it
// changed the state, and may be called again. The events go into the audit trail.
func (s Store) Change(ctx context.Context, site string, number int64, f func(*pull.State) bool, told ...func(pull.State) ledger.Event) error {
	return s.change(ctx, site, number, f, s.ledger.Previews().Put, told)
}

// ChangeBeside is Change, if may agrees to it beside the site's other previews: they are read
// in the one step that writes.
func (s Store) ChangeBeside(ctx context.Context, site string, number int64, f func(*pull.State) bool, may func(others []pull.State) error, told ...func(pull.State) ledger.Event) error {
	put := func(ctx context.Context, kept ledger.Preview, events ...ledger.Event) error {
		return s.ledger.Previews().PutBeside(ctx, kept, func(others []ledger.Preview) error {
			states, err := StatesOf(others)
			if err != nil {
				return err
			}
			return may(states)
		}, events...)
	}
	return s.change(ctx, site, number, f, put, told)
}

// putting writes a preview, as Put of the ledger does.
type putting func(ctx context.Context, kept ledger.Preview, told ...ledger.Event) error

func (s Store) change(ctx context.Context, site string, number int64, f func(*pull.State) bool, put putting, events []func(pull.State) ledger.Event) error {
	for range mostClashes {
		kept, _, err := s.ledger.Previews().Get(ctx, site, number)
		if err != nil {
			return err
		}
		state, err := StateOf(kept)
		if err != nil {
			return err
		}
		if !f(&state) {
			return nil
		}
		if state.Mark == "" {
			state.Mark = rand.Text()
		}
		var made []ledger.Event
		for _, event := range events {
			made = append(made, event(state))
		}
		if kept, err = documented(kept, state, ledger.Now()); err != nil {
			return err
		}
		if err := put(ctx, kept, made...); !errors.Is(err, ledger.ErrPreviewChanged) {
			return err
		}
	}
	return fmt.Errorf("change the preview of %d of %s: others changed it meanwhile, %d times in a row", number, site, mostClashes)
}

// Forget forgets a preview whose present state may be forgotten.
func (s Store) Forget(ctx context.Context, site string, number int64, may func(pull.State) bool) error {
	for range mostClashes {
		kept, ok, err := s.ledger.Previews().Get(ctx, site, number)
		if err != nil || !ok {
			return err
		}
		state, err := StateOf(kept)
		if err != nil || !may(state) {
			return err
		}
		if err := s.ledger.Previews().Drop(ctx, kept); !errors.Is(err, ledger.ErrPreviewChanged) {
			return err
		}
	}
	return fmt.Errorf("forget the preview of %d of %s: others changed it meanwhile, %d times in a row", number, site, mostClashes)
}

// StateOf reads the stored state of a preview.
func StateOf(kept ledger.Preview) (pull.State, error) {
	s := pull.State{Site: kept.Site, Number: kept.Number}
	if kept.Doc == "" {
		return s, nil
	}
	if err := json.Unmarshal([]byte(kept.Doc), &s); err != nil {
		return s, fmt.Errorf("read the state of the preview of %d of %s: %w", kept.Number, kept.Site, err)
	}
	return s, nil
}

// Put replaces the stored state that was read, due at an instant. It gives
// ledger.ErrPreviewChanged when another has replaced it meanwhile.
func (s Store) Put(ctx context.Context, kept ledger.Preview, state pull.State, due time.Time, told ...ledger.Event) error {
	kept, err := documented(kept, state, due)
	if err != nil {
		return err
	}
	return s.ledger.Previews().Put(ctx, kept, told...)
}

// documented is a stored preview with a new state, due at an instant.
func documented(kept ledger.Preview, state pull.State, due time.Time) (ledger.Preview, error) {
	doc, err := json.Marshal(state)
	if err != nil {
		return kept, fmt.Errorf("write the state of a preview: %w", err)
	}
	kept.Doc, kept.Due = string(doc), due
	return kept, nil
}

// Of are the previews of a site, those of pull requests first, the newest of them first.
func (s Store) Of(ctx context.Context, site string) ([]pull.State, error) {
	kept, err := s.ledger.Previews().Of(ctx, site, MostListed)
	if err != nil {
		return nil, err
	}
	return StatesOf(kept)
}

// StatesOf reads what is kept of some previews.
func StatesOf(kept []ledger.Preview) ([]pull.State, error) {
	out := make([]pull.State, 0, len(kept))
	for _, one := range kept {
		state, err := StateOf(one)
		if err != nil {
			return nil, err
		}
		out = append(out, state)
	}
	return out, nil
}
