// Package redirect reads a _redirects file, makes pages of its rules, and plans
// what a CDN's store of redirects is to hold. It does no I/O.
package redirect
