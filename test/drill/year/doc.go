// Package year holds the drill of a simulated year: the whole app with its real
// ledger on disk, in a bubble of fake time (testing/synctest), among people who
// ask, runs that end in every way a run can end, a platform that loses answers
// and news, and restarts. What must hold is checked all along and, from the
// audit trail, once more at the end. make drill-year runs it.
package year
