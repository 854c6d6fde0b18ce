// Package scheduler ticks each site when it is due, and carries out the effects that the
// rules decided.
//
// scheduler.go makes the rounds: which sites changed or are due, and when to wake
// again. outbox.go carries the tasks of the ledger's outbox out through the
// runner, with exactly one effect. inbox.go brings the events of runs before the
// rules, and catchup.go those that happened while the server was down.
package scheduler
