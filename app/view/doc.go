// Package view has the views of sites, releases and requests, and their words. The API, the
// pages and, through the API, the command line show the same.
//
// Each answer is read from one snapshot of the ledger and has one instant: the
// site, the request and the release in it never tell of two.
//
// It is larger than other packages on purpose: the words for a site, a request and a
// release are made of the same conditions and must agree, so all files here use [Site]'s
// unexported rules. A file answers one question: what is next, what is late, what was found.
// Code that needs none of those rules is in packages of its own: times for people (when),
// the output of a run (runlog).
package view
