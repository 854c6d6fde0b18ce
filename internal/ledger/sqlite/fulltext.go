package sqlite

import (
	"strings"

	"github.com/pressrun/pressrun/internal/ledger/database"
)

// Search is FTS5's (https://sqlite.org/fts5.html). A query by rowid reads its hits
// newest first and ends at the limit, whatever else would match.
func (*File) Search() database.Search {
	return database.Search{
		Make: []string{
			`CREATE VIRTUAL TABLE request_search USING fts5 (site UNINDEXED, request_id UNINDEXED, words, tokenize = 'unicode61 remove_diacritics 2')`,
		},
		Where: `WHERE id IN (SELECT request_id FROM request_search WHERE request_search MATCH $1 AND site = $2
			ORDER BY rowid DESC LIMIT $3) ORDER BY id DESC`,
		Match: func(words []string) string {
			phrases := make([]string, 0, len(words))
			for _, w := range words {
				phrase := `"` + strings.ReplaceAll(w, `"`, `""`) + `"`
				if database.MayBegin(w) {
					phrase += " *"
				}
				phrases = append(phrases, phrase)
			}
			return strings.Join(phrases, " AND ")
		},
		Forget: `DELETE FROM request_search WHERE rowid IN (SELECT rowid FROM request_search WHERE request_search MATCH $1 AND request_id = $2)`,
	}
}
