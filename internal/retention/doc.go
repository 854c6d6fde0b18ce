// Package retention decides how much of a site's history may go: by age, and never the
// newest releases, what is live, waits or runs, or what a rollback needs. It is a
// function of what there is and the time; app/retention removes what it names, and
// docs/retention.md tells operators.
//
// History goes from its beginning, up to a release that served its requests: what stays
// is whole, so that each request that is still known has its release, each number and
// each place in line its old meaning.
package retention
