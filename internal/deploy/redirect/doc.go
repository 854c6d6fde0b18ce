// Package redirect reads a _redirects file, makes pages from its rules, and plans the
// content of a CDN's redirect store. It does no I/O.
package redirect
