// Package retention removes old history from the ledger: the rows that internal/retention
// gives up, in steps so small that requests for releases do not wait for them. A step first
// writes its rows to a file of JSON lines and syncs it, then removes them: after a crash a
// row may be in two files, and each removed row is in one.
package retention
