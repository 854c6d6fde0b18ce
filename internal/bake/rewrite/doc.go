// Package rewrite finds the addresses in what a CMS serves, and changes them in place:
// every byte that is not part of one is left as it was. HTML, CSS, and any other text
// in which the CMS's host stands in plain or in disguise. It does no I/O.
package rewrite
