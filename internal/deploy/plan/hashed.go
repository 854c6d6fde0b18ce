package plan

import (
	"github.com/pressrun/pressrun/internal/deploy/manifest"
	"github.com/pressrun/pressrun/internal/deploy/rules"
	"github.com/pressrun/pressrun/internal/deploy/store"
)

// disproves says whether what a path holds shows that its name does not follow its
// content, although it looks so: the content was another, or this was found out
// before, which its headers keep.
func (p *planner) disproves(have stored, next manifest.Entry) bool {
	if !have.managed || have.inexact || have.bare || next.Headers.Get("cache-control") != rules.CacheHashed || !rules.IsHashed(next.Path) {
		return false
	}
	if have.Headers.Get("cache-control") == rules.CacheAsset {
		return true
	}
	unknown := have.Headers.Get(rules.EncodingHeader) != "" && !have.Compressed() // what a deploy that died wrote
	if have.same(next) || unknown || builtSum(have.Entry) == builtSum(next) {
		return false
	}
	p.plan.NotHashed = append(p.plan.NotHashed, next.Path)
	return true
}

// builtSum is the hash of a file as it was built, before it was compressed.
func builtSum(e manifest.Entry) store.Sum {
	if e.Compressed() {
		return e.Origin.Sum
	}
	return e.Sum
}
