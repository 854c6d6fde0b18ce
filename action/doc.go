// Package action carries out a run: the steps from the claim of a release to the report that
// the site is ready again. The same code runs in a GitHub workflow, as a process of the
// local runner, and by hand.
//
// Each step is a small value with a name and one method, in a file of package steps. "all"
// does them in order in one process; each also runs alone, and a file has the state that one
// leaves to the next (package state).
//
// A run never publishes against the rules: one whose release was taken away stops at once,
// and without an app the deploy still takes its lease at the destination. Once the site is
// live nothing fails the run any more.
package action
