// Package retention decides how much of a site's history may be removed: by age, and
// never the newest releases, those that are live, wait or run, or those that a rollback
// needs. It is pure; app/retention carries the removal out, and docs/retention.md
// explains it to operators. History is removed from its beginning, up to a release that
// served its requests. The rest stays whole: each remaining request has its release, and
// each number and place in line keeps its meaning.
package retention
