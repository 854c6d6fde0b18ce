package ledger

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"unicode"

	"github.com/pressrun/pressrun/internal/release"
)

// maxSearchWords is how many words of a search count; a page's title has fewer.
const maxSearchWords = 16

// SearchWords are the words of what somebody looks for. What has no letter and no
// digit is none: no index knows it.
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
	search := s.engine.Search()
	found, err := s.requests(ctx, search.Where, search.Match(words), site, limit)
	if err != nil {
		return nil, fmt.Errorf("search the requests of %s: %w", site, err)
	}
	return s.tracked(ctx, at, found)
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

// tracked tells of requests what became of each, in a statement for many of them.
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
