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
	// mostClashes bounds how often a change is made anew beside others.
	mostClashes = 10
)

// Change changes what is kept of a preview; f says whether it did, and may be called
// again. It is due at once.
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

func (s Store) change(ctx context.Context, site string, number int64, f func(*pull.State) bool, put putting, told []func(pull.State) ledger.Event) error {
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
		var events []ledger.Event
		for _, tell := range told {
			events = append(events, tell(state))
		}
		if kept, err = documented(kept, state, ledger.Now()); err != nil {
			return err
		}
		if err := put(ctx, kept, events...); !errors.Is(err, ledger.ErrPreviewChanged) {
			return err
		}
	}
	return fmt.Errorf("the preview of %d of %s is changed by others again and again", number, site)
}

// StateOf reads what is kept of a preview.
func StateOf(kept ledger.Preview) (pull.State, error) {
	s := pull.State{Site: kept.Site, Number: kept.Number}
	if kept.Doc == "" {
		return s, nil
	}
	if err := json.Unmarshal([]byte(kept.Doc), &s); err != nil {
		return s, fmt.Errorf("read what is known of the preview of %d of %s: %w", kept.Number, kept.Site, err)
	}
	return s, nil
}

// Put writes a state in the place of what was read, due at an instant. It gives
// ledger.ErrPreviewChanged when somebody was faster.
func (s Store) Put(ctx context.Context, kept ledger.Preview, state pull.State, due time.Time, told ...ledger.Event) error {
	kept, err := documented(kept, state, due)
	if err != nil {
		return err
	}
	return s.ledger.Previews().Put(ctx, kept, told...)
}

// documented is what is kept with another state, due at an instant.
func documented(kept ledger.Preview, state pull.State, due time.Time) (ledger.Preview, error) {
	doc, err := json.Marshal(state)
	if err != nil {
		return kept, fmt.Errorf("write what is known of a preview: %w", err)
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
