package postgres

import (
	"strings"

	"github.com/pressrun/pressrun/internal/ledger/database"
)

// plainWords are the words of a text as they are indexed: without the rules of any language
// and without marks on letters, so that "sanchez" finds "Sánchez": see database.Plain.
const plainWords = `to_tsvector('simple', regexp_replace(normalize(words, NFD), '[\u0300-\u036F]', '', 'g'))`

// Search is PostgreSQL's own (https://www.postgresql.org/docs/current/textsearch.html).
func (*Database) Search() database.Search {
	return database.Search{
		Make: []string{
			`CREATE TABLE request_search (site TEXT NOT NULL, request_id TEXT NOT NULL, words TEXT NOT NULL)`,
			`CREATE INDEX request_search_words ON request_search USING gin (` + plainWords + `)`,
		},
		Where: `WHERE id IN (SELECT request_id FROM request_search WHERE ` + plainWords + ` @@ to_tsquery('simple', $1)
			AND site = $2 ORDER BY request_id DESC LIMIT CAST($3 AS BIGINT)) ORDER BY id DESC`,
		Match: func(words []database.Sought) string {
			terms := make([]string, 0, len(words))
			for _, w := range words {
				term := "'" + strings.NewReplacer("'", "''", `\`, `\\`).Replace(database.Plain(w.Text)) + "'"
				if w.Begins {
					term += ":*"
				}
				terms = append(terms, term)
			}
			return strings.Join(terms, " & ")
		},
		Forget: `DELETE FROM request_search WHERE ` + plainWords + ` @@ to_tsquery('simple', $1) AND request_id = $2`,
	}
}
