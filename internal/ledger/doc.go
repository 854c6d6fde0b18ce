// Package ledger keeps requests, releases, events and the outbox in a database:
// acknowledged writes survive a kill -9 and a power cut. The SQL is the same for every
// database; a database.Engine has the differences: package sqlite keeps a ledger in a
// file of one process, package postgres in a database that several share.
//
// Every change goes through one writer. It takes all the decisions that wait,
// carries them out in one transaction and commits once: with many callers
// that is many times faster than a transaction for each, and as safe
// (docs/decisions/0001-group-commit.md). A decision is: load the site,
// release.Step, store the site, append its events, put its effects into the
// outbox. Every answer is read from one Snapshot.
//
// It has a file for each table, since all are written in the one transaction of a batch:
// hence more files than other packages.
package ledger
