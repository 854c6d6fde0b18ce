package postgres

import (
	"strings"
	"unicode"

	"golang.org/x/text/runes"
	"golang.org/x/text/transform"
	"golang.org/x/text/unicode/norm"

	"github.com/pressrun/pressrun/internal/ledger/database"
)

// plainWords are the words of a text as they are indexed: without the rules of any language
// and without marks on letters, so that "sanchez" finds "Sánchez".
const plainWords = `to_tsvector('simple', regexp_replace(normalize(words, NFD), '[\u0300-\u036F]', '', 'g'))`

// Search is PostgreSQL's own (https://www.postgresql.org/docs/current/textsearch.html).
func (*Database) Search() database.Search {
	return database.Search{
		Make: []string{
			`CREATE TABLE request_search (site TEXT NOT NULL, request_id TEXT NOT NULL, words TEXT NOT NULL)`,
			`CREATE INDEX request_search_words ON request_search USING gin (` + plainWords + `)`,
		},
		Where: `WHERE id IN (SELECT request_id FROM request_search WHERE ` + plainWords + ` @@ to_tsquery('simple', $1)
			AND site = $2 ORDER BY request_id DESC LIMIT $3) ORDER BY id DESC`,
		Match: func(words []string) string {
			terms := make([]string, 0, len(words))
			for _, w := range words {
				term := "'" + strings.NewReplacer("'", "''", `\`, `\\`).Replace(withoutMarks(w)) + "'"
				if database.MayBegin(w) {
					term += ":*"
				}
				terms = append(terms, term)
			}
			return strings.Join(terms, " & ")
		},
		Forget: `DELETE FROM request_search WHERE ` + plainWords + ` @@ to_tsquery('simple', $1) AND request_id = $2`,
	}
}

// withoutMarks is what plainWords does.
func withoutMarks(word string) string {
	marks := runes.In(&unicode.RangeTable{R16: []unicode.Range16{{Lo: 0x300, Hi: 0x36f, Stride: 1}}})
	plain, _, err := transform.String(transform.Chain(norm.NFD, runes.Remove(marks)), word)
	if err != nil {
		return word // it is no text: then it is in no index
	}
	return plain
}
