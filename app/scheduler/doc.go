// Package scheduler makes time pass for the sites: it ticks each one when it is
// due, and carries out what the rules decided.
//
// scheduler.go makes the rounds: which sites changed or are due, and when to wake
// again. outbox.go carries the tasks of the ledger's outbox out through the
// runner, with exactly one effect. inbox.go brings what is heard of runs before
// the rules, and catchup.go what happened while the server was away.
package scheduler
