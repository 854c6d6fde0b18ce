package ledger

// manyKeys is how many keys are looked up at once.
const manyKeys = 16

var lookUpText = `SELECT idem_key FROM requests WHERE site = $1 AND idem_key IN ` + placeholdersFrom(2, 1, manyKeys)

// lookUpKeys finds out which of a batch's keys are new. Most are, and asking
// for many at once costs the database a fraction of asking one by one. Keys
// that are left over, or known, are asked for when their turn comes.
func (b *batch) lookUpKeys(ops []*op) {
	bySite := map[string][]any{}
	for _, o := range ops {
		if o.key == "" || b.broken != nil {
			continue
		}
		keys := append(bySite[o.site], o.key)
		if len(keys) == manyKeys {
			b.lookUpMany(o.site, keys)
			keys = keys[:0]
		}
		bySite[o.site] = keys
	}
}

func (b *batch) lookUpMany(site string, keys []any) {
	rows, err := b.query(lookUpText, append([]any{site}, keys...)...)
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
