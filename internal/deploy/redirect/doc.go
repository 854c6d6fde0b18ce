// Package redirect reads a _redirects file, makes pages of its rules, and plans the
// content of a CDN's store of redirects. It does no I/O.
package redirect
