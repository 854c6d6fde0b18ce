// Package rewrite finds the addresses in a CMS's answers, and changes them in place: every
// byte that is not part of one is left as it was. It reads HTML, CSS, and any other text in
// which the CMS's host stands, plain or escaped. It does no I/O.
package rewrite
