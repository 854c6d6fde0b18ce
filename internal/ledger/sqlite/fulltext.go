package sqlite

import (
	"strings"

	"github.com/pressrun/pressrun/internal/ledger/database"
)

// Search uses FTS5 (https://sqlite.org/fts5.html). A query by rowid reads its hits newest
// first and ends at the limit, however many would match. A query for the beginning of
// words does not: FTS5 first merges the lists of all of them. So Completions reads those
// words from the index, for the query to name. It looks up one word after the other,
// since listing them would read all their positions.
func (*File) Search() database.Search {
	return database.Search{
		Make: []string{
			`CREATE VIRTUAL TABLE request_search USING fts5 (site UNINDEXED, request_id UNINDEXED, words, tokenize = 'unicode61 remove_diacritics 2')`,
		},
		Also: []string{
			`CREATE VIRTUAL TABLE IF NOT EXISTS request_search_words USING fts5vocab ('request_search', 'instance')`,
		},
		Completions: `WITH RECURSIVE real (word) AS (
			SELECT (SELECT term FROM request_search_words WHERE term >= $1 AND term < $2 ORDER BY term LIMIT 1)
			UNION ALL SELECT (SELECT term FROM request_search_words WHERE term >= real.word || char(1) AND term < $2 ORDER BY term LIMIT 1)
			FROM real WHERE real.word IS NOT NULL)
			SELECT word FROM real WHERE word IS NOT NULL LIMIT CAST($3 AS BIGINT)`,
		Where: `WHERE id IN (SELECT request_id FROM request_search WHERE request_search MATCH $1 AND site = $2
			ORDER BY rowid DESC LIMIT CAST($3 AS BIGINT)) ORDER BY id DESC`,
		Match: func(words []database.Sought) string {
			terms := make([]string, 0, len(words))
			for _, w := range words {
				terms = append(terms, term(w))
			}
			return strings.Join(terms, " AND ")
		},
		Forget: `DELETE FROM request_search WHERE rowid IN (SELECT rowid FROM request_search WHERE request_search MATCH $1 AND request_id = $2)`,
	}
}

// term is the part of a query for one word.
func term(w database.Sought) string {
	if len(w.Completions) == 0 {
		if w.Begins {
			return phrase(w.Text) + " *"
		}
		return phrase(w.Text)
	}
	before, _ := w.End()
	phrases := make([]string, 0, len(w.Completions))
	for _, word := range w.Completions {
		phrases = append(phrases, phrase(before+word))
	}
	return "(" + strings.Join(phrases, " OR ") + ")"
}

func phrase(text string) string { return `"` + strings.ReplaceAll(text, `"`, `""`) + `"` }
