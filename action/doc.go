// Package action is what happens inside a run: the steps from the claim of a
// release to the word that the site is ready again. The same code runs in a
// GitHub workflow, as a process of the local runner, and by hand.
//
// Each step is a small value with a name and one method, in a file of package
// steps. "all" does them in order in one process; each also runs alone, and what
// one must tell the next is kept in a file (package state).
//
// Nothing here ever publishes what the release's rules do not allow: a run
// whose release was taken away stops at once, and without an app the deploy
// still takes its lease at the destination. From the moment the site is live
// nothing fails the run any more.
package action
