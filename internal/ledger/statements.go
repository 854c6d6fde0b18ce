package ledger

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"sync"

	"github.com/pressrun/pressrun/internal/release"
)

// statements is a querier that prepares each query once, for a small, fixed set of texts.
// It refuses callers that read a snapshot.
type statements struct {
	db *sql.DB
	// byDriver says that the driver prepares statements itself.
	byDriver bool
	// preparing is held while a statement is prepared, which waits for a connection. mu
	// is not held then: a snapshot, which has a connection, may wait for it.
	preparing sync.Mutex
	mu        sync.Mutex
	known     map[string]*sql.Stmt
}

// mostPrepared bounds how many texts are prepared: far more than this package has.
const mostPrepared = 250

// ready is a text's statement; nil while it is not prepared.
func (s *statements) ready(text string) *sql.Stmt {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.known[text]
}

func (s *statements) prepare(ctx context.Context, text string) (*sql.Stmt, error) {
	if err := outsideSnapshot(ctx); err != nil {
		return nil, err
	}
	if stmt := s.ready(text); stmt != nil {
		return stmt, nil
	}
	s.preparing.Lock()
	defer s.preparing.Unlock()
	if stmt := s.ready(text); stmt != nil {
		return stmt, nil
	}
	stmt, err := s.db.PrepareContext(ctx, text) //nolint:sqlclosecheck // kept for the next time
	if err != nil {
		return nil, fmt.Errorf("prepare a reading: %w", err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.known == nil {
		s.known = map[string]*sql.Stmt{}
	}
	s.known[text] = stmt
	return stmt, nil
}

// learn prepares the texts that a snapshot used for the first time, once it is over.
func (s *statements) learn(ctx context.Context, texts []string) {
	if s.byDriver {
		return
	}
	for _, text := range texts {
		s.mu.Lock()
		full := len(s.known) >= mostPrepared
		s.mu.Unlock()
		if full {
			return
		}
		if _, err := s.prepare(ctx, text); err != nil { //nolint:sqlclosecheck // kept for the next time
			return // it stays unprepared
		}
	}
}

// QueryContext is that of *sql.DB.
func (s *statements) QueryContext(ctx context.Context, text string, args ...any) (*sql.Rows, error) {
	if s.byDriver {
		if err := outsideSnapshot(ctx); err != nil {
			return nil, err
		}
		return s.db.QueryContext(ctx, text, args...)
	}
	stmt, err := s.prepare(ctx, text) //nolint:sqlclosecheck // kept for the next time
	if err != nil {
		return nil, err
	}
	return stmt.QueryContext(ctx, args...)
}

// QueryRowContext is that of *sql.DB.
func (s *statements) QueryRowContext(ctx context.Context, text string, args ...any) row {
	if s.byDriver {
		if err := outsideSnapshot(ctx); err != nil {
			return noRow{err}
		}
		return s.db.QueryRowContext(ctx, text, args...)
	}
	stmt, err := s.prepare(ctx, text) //nolint:sqlclosecheck // kept for the next time
	if err != nil {
		return noRow{err}
	}
	return stmt.QueryRowContext(ctx, args...)
}

// documents caches the last document read of each site, decoded: the decision about slots
// reads all of them at every change, and most have not changed.
type documents struct {
	mu    sync.Mutex
	sites map[string]document
}

type document struct {
	text string
	site release.Site // without its policy; nobody changes a site in place
}

// read decodes a site's document.
func (d *documents) read(name, text string) (release.Site, error) {
	d.mu.Lock()
	known, ok := d.sites[name]
	d.mu.Unlock()
	if ok && known.text == text {
		return known.site, nil
	}
	var site release.Site
	if err := json.Unmarshal([]byte(text), &site); err != nil {
		return release.Site{}, fmt.Errorf("read site %s from the ledger: %w", name, err)
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.sites == nil {
		d.sites = map[string]document{}
	}
	d.sites[name] = document{text, site}
	return site, nil
}
