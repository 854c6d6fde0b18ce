// Package links reads the references of pages, and judges those that lead to
// nothing. It does no I/O.
package links
