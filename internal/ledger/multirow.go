package ledger

import (
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/pressrun/pressrun/internal/ledger/database"
)

// insertSizes are the numbers of rows that one statement may write: few, so that all
// statements stay prepared.
var insertSizes = []int{64, 8, 1}

// insertSize is how many of the remaining rows the next statement writes. For a remote
// database it is all of them, up to a bound: a round trip costs more than preparing a
// statement.
func (w *writer) insertSize(rows int) int {
	if w.traits.Remote {
		return min(rows, insertSizes[0])
	}
	return insertSizes[slices.IndexFunc(insertSizes, func(size int) bool { return size <= rows })]
}

// insertAll writes rows in statements of many rows each, which costs the
// database about half of what one statement a row does.
func insertAll[T any](b *batch, into string, rows []T, values func(T) []any) error {
	columns := strings.Count(into, ",") + 1
	for len(rows) > 0 {
		n := b.w.insertSize(len(rows))
		args := make([]any, 0, n*columns)
		for _, r := range rows[:n] {
			args = append(args, values(r)...)
		}
		if _, err := b.exec(b.w.insertText(into, n, columns), args...); err != nil {
			return err
		}
		rows = rows[n:]
	}
	return nil
}

// insertText is put together once for each table and number of rows.
func (w *writer) insertText(into string, rows, columns int) string {
	key := insert{into, rows}
	if text, ok := w.inserts[key]; ok {
		return text
	}
	w.inserts[key] = "INSERT INTO " + into + " VALUES " + placeholders(w.traits, 1, rows, columns)
	return w.inserts[key]
}

type insert struct {
	into string
	rows int
}

// placeholders are "($1, $2), ($3, $4)" for two rows of two columns, of which the first has
// the number 1, or as many question marks.
func placeholders(traits database.Traits, first, rows, columns int) string {
	var s strings.Builder
	for i := range rows * columns {
		switch {
		case i == 0:
			s.WriteString("(")
		case i%columns == 0:
			s.WriteString("), (")
		default:
			s.WriteString(", ")
		}
		if traits.Unnumbered {
			s.WriteString("?")
			continue
		}
		s.WriteString("$")
		s.WriteString(strconv.Itoa(i + first))
	}
	s.WriteString(")")
	return s.String()
}

// How many keys are looked up at once; farKeys for a remote database.
const (
	manyKeys = 16
	farKeys  = 64
)

// keysAtOnce is how many keys a database looks up at once.
func keysAtOnce(traits database.Traits) int {
	if traits.Remote {
		return farKeys
	}
	return manyKeys
}

// knownText begins the statement that finds which of some keys of a site are known.
const knownText = `SELECT idem_key FROM requests WHERE site = $1 AND idem_key `

// lookUpText is the statement that knownText begins. PostgreSQL would take a list of keys for
// a filter, and read all requests of the site, as long as it has no statistics of the table;
// so there each key is looked up by itself.
func lookUpText(traits database.Traits) string {
	keys := keysAtOnce(traits)
	if !traits.Remote {
		return knownText + `IN ` + placeholders(traits, 2, 1, keys)
	}
	each := make([]string, keys)
	for i := range each {
		each[i] = knownText + `= $` + strconv.Itoa(i+2)
	}
	return strings.Join(each, ` UNION ALL `)
}

// lookUpKeys finds out which of a batch's keys are new. Most are, and one statement for
// many costs a fraction of one for each. Keys that are known, or left over, are looked up
// one by one when their request is accepted.
func (b *batch) lookUpKeys(ops []*op) {
	most := keysAtOnce(b.w.traits)
	bySite := map[string][]any{}
	for _, o := range ops {
		if o.key == "" || b.broken != nil {
			continue
		}
		keys := append(bySite[o.site], o.key)
		if len(keys) == most {
			b.lookUpMany(o.site, keys)
			keys = keys[:0]
		}
		bySite[o.site] = keys
	}
	if !b.w.traits.Remote {
		return
	}
	for _, site := range slices.Sorted(maps.Keys(bySite)) {
		keys := bySite[site]
		if len(keys) < 2 || b.broken != nil {
			continue
		}
		for len(keys) < most {
			keys = append(keys, keys[0]) // a repeated key does no harm
		}
		b.lookUpMany(site, keys)
	}
}

func (b *batch) lookUpMany(site string, keys []any) {
	rows, err := b.query(b.w.lookUp, append([]any{site}, keys...)...)
	if err != nil {
		return // kept in broken
	}
	defer rows.Close()
	if b.unused == nil {
		b.unused = map[[2]string]bool{}
	}
	for _, key := range keys {
		b.unused[[2]string{site, key.(string)}] = true
	}
	for rows.Next() {
		var key string
		if err := rows.Scan(&key); err != nil {
			_ = b.fail(err) // kept in broken
			return
		}
		delete(b.unused, [2]string{site, key})
	}
	if err := rows.Err(); err != nil {
		_ = b.fail(err) // kept in broken
	}
}
