// Package view is what is shown of sites, releases and requests, and the words
// for it. The API, the pages and, through the API, the command line show the same.
//
// Each answer is read from one snapshot of the ledger and has one instant: the
// site, the request and the release in it never tell of two.
package view
