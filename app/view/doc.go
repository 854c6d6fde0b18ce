// Package view is what is shown of sites, releases and requests, and the words
// for it. The API, the pages and, through the API, the command line show the same.
//
// Each answer is read from one snapshot of the ledger and has one instant: the
// site, the request and the release in it never tell of two.
//
// It is larger than other packages on purpose: the words for a site, a request and a
// release are made of the same conditions and must agree, so what no other package may
// see ([Site]'s own rules) is seen by all files here. A file is one question: what is
// next, what is late, what was found. What needs none of those rules is beside them: time
// as people are told it (when), the output of a run (runlog).
package view
