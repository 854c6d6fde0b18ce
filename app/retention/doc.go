// Package retention removes old history from the ledger: what internal/retention says
// may go, in steps so small that whoever asks for a release meanwhile does not notice.
// Before rows go they are written to a file of JSON lines, which is on disk first: after
// a crash a row may be in two files, and none is gone that is in no file.
package retention
