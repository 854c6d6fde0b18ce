// Package ledger keeps requests, releases, events and the outbox on disk: one
// SQLite file in WAL mode with synchronous=FULL, so that what was
// acknowledged is there after a kill -9 or a power cut.
//
// Every change goes through one writer. It takes all the decisions that wait,
// carries them out in one transaction and commits once: with many callers
// that is many times faster than a transaction for each, and as safe
// (research: libs.md section 1). A decision is: load the site, release.Step,
// store the site, append its events, put its effects into the outbox.
package ledger
