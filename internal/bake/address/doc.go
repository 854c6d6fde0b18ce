// Package address knows the addresses of a CMS's pages: their normal form, how
// references in pages resolve, which queries are pages of their own, and the file that
// each address becomes. It does no I/O.
package address
