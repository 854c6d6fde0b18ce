// Package address knows the addresses of a CMS's pages: their one normal form, what a
// reference in a page means, which queries are pages of their own, and the file that
// each address becomes. It does no I/O.
package address
