package source_test

import (
	"fmt"
	"net/http"
	"strings"

	"github.com/pressrun/pressrun/internal/content/source"
)

// fakeContentful gives what changed since a token, whose number is that of the look at
// the records at which it was given out.
func fakeContentful() *fake {
	f := &fake{as: "content", settings: source.Settings{Space: source.SpaceSettings{Space: "s1"}}}
	f.raw = func(r record) string {
		return fmt.Sprintf(`{"sys":{"id":"E%d","type":"Entry","revision":%d,"updatedAt":"%s.000Z"},"fields":{"title":{"en":"v%d"}}}`, r.id, r.version, r.at.Format(second), r.version)
	}
	var seen []map[int]int // versions by id, at each token
	f.answer = func(_ http.ResponseWriter, r *http.Request, f *fake, all []record) string {
		q, here := r.URL.Query(), "http://"+r.Host+r.URL.Path
		if r.URL.Path != "/spaces/s1/environments/master/sync" {
			return ""
		}
		now := map[int]int{}
		for _, one := range all {
			now[one.id] = one.version
		}
		seen = append(seen, now)
		next := fmt.Sprintf(`"nextSyncUrl":"%s?sync_token=t%d"`, here, len(seen)-1)
		start := number(q, "from", 0)
		if token := q.Get("sync_token"); token == "" {
			end := min(start+100, len(all))
			if end < len(all) {
				next = fmt.Sprintf(`"nextPageUrl":"%s?from=%d"`, here, end)
			}
			return fmt.Sprintf(`{"sys":{"type":"Array"},"items":%s,%s}`, f.join(all[start:end], f.raw), next)
		}
		var before int
		if _, err := fmt.Sscanf(q.Get("sync_token"), "t%d", &before); err != nil || before >= len(seen) {
			return ""
		}
		var items []string
		for _, one := range all {
			if seen[before][one.id] != one.version {
				items = append(items, f.raw(one))
			}
		}
		for id := range seen[before] {
			if now[id] == 0 {
				items = append(items, fmt.Sprintf(`{"sys":{"id":"E%d","type":"DeletedEntry"}}`, id))
			}
		}
		return fmt.Sprintf(`{"items":[%s],%s}`, strings.Join(items, ","), next)
	}
	return f
}
