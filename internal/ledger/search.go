package ledger

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"unicode"

	"github.com/pressrun/pressrun/internal/ledger/database"
	"github.com/pressrun/pressrun/internal/release"
)

// maxSearchWords is how many words of a search are used; a page's title has fewer.
const maxSearchWords = 16

// SearchWords splits the text of a search into words. A word needs a letter or a digit:
// no index knows others.
func SearchWords(text string) []string {
	var words []string
	for _, w := range strings.Fields(strings.ToValidUTF8(strings.ReplaceAll(text, "\x00", " "), " ")) {
		if strings.IndexFunc(w, func(r rune) bool { return unicode.IsLetter(r) || unicode.IsDigit(r) }) < 0 {
			continue
		}
		if words = append(words, w); len(words) == maxSearchWords {
			break
		}
	}
	return words
}

// Search lists requests of a site that have all the words in their title, entity,
// address, author, reason or id, newest first, with what became of each. A word of
// three letters or more may be the beginning of one; without words there is nothing to find. It finds what is in
// the index: see Ledger.Indexed.
func (s *Snapshot) Search(ctx context.Context, site string, words []string, limit int) ([]Tracked, error) {
	at, err := s.Site(ctx, site)
	if err != nil || len(words) == 0 {
		return nil, err
	}
	sought, some, err := s.sought(ctx, words)
	if err != nil || !some {
		return nil, err
	}
	search := s.engine.Search()
	found, err := s.requests(ctx, search.Where, search.Match(sought), site, limit)
	if err != nil {
		return nil, fmt.Errorf("search the requests of %s: %w", site, err)
	}
	return s.tracked(ctx, at, found)
}

// sought prepares words for the query of the index. some is false if the index certainly
// lacks one of them.
func (s *Snapshot) sought(ctx context.Context, words []string) (sought []database.Sought, some bool, err error) {
	for _, text := range words {
		w := database.Sought{Text: text, Begins: database.MayBegin(text)}
		if query := s.engine.Search().Completions; w.Begins && query != "" {
			if some, err = s.completions(ctx, query, &w); err != nil || !some {
				return nil, false, err
			}
		}
		sought = append(sought, w)
	}
	return sought, true, nil
}

// completions sets the words of the index that begin with w's last word, unless there are
// more than MaxCompletions. some is false if there is none.
func (s *Snapshot) completions(ctx context.Context, query string, w *database.Sought) (some bool, err error) {
	_, end := w.End()
	if end == "" {
		return true, nil // the index has rules of its own for it
	}
	rows, err := s.q.QueryContext(ctx, query, end, end+string(unicode.MaxRune), database.MaxCompletions+1)
	if err != nil {
		return false, fmt.Errorf("read the words of the index: %w", s.engine.Explain(err))
	}
	defer rows.Close()
	var found []string
	for rows.Next() {
		var word string
		if err := rows.Scan(&word); err != nil {
			return false, fmt.Errorf("read the words of the index: %w", err)
		}
		found = append(found, word)
	}
	if len(found) <= database.MaxCompletions {
		w.Completions = found
	}
	return len(found) > 0, rows.Err()
}

// LastRequests are the last requests of a site that have a place in line, newest
// first, with what became of each.
func (s *Snapshot) LastRequests(ctx context.Context, site string, limit int) ([]Tracked, error) {
	at, err := s.Site(ctx, site)
	if err != nil {
		return nil, err
	}
	found, err := s.Requests(ctx, site, 0, at.Accepted, limit)
	if err != nil {
		return nil, err
	}
	return s.tracked(ctx, at, found)
}

// tracked finds the Resolution of each request, in one statement for many of them.
func (s *Snapshot) tracked(ctx context.Context, at release.Site, found []Request) ([]Tracked, error) {
	out := make([]Tracked, 0, len(found))
	for some := range slices.Chunk(found, manyPlaces) {
		known, err := s.resolutions(ctx, at, some)
		if err != nil {
			return nil, err
		}
		for _, r := range some {
			out = append(out, Tracked{r, known[r.Place]})
		}
	}
	return out, nil
}
