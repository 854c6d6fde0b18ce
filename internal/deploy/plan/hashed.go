package plan

import (
	"github.com/pressrun/pressrun/internal/deploy/manifest"
	"github.com/pressrun/pressrun/internal/deploy/rules"
)

// disproves says whether a path whose name looks like a hash of its content had other
// content before. Its headers record that for later deploys.
func (p *planner) disproves(have stored, next manifest.Entry) bool {
	if !have.managed || have.inexact || have.bare || next.Headers.Get("cache-control") != rules.CacheHashed || !rules.IsHashed(next.Path) {
		return false
	}
	if have.Headers.Get("cache-control") == rules.CacheAsset {
		return true
	}
	unknown := have.Headers.Get(rules.EncodingHeader) != "" && !have.Compressed() // a deploy that died wrote it
	if have.same(next) || unknown || have.Built().Sum == next.Built().Sum {
		return false
	}
	p.plan.NotHashed = append(p.plan.NotHashed, next.Path)
	return true
}
