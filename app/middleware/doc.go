// Package middleware wraps every route: it bounds the waits for bodies and dead connections,
// refuses calls of other sites' pages, and sets the security headers.
package middleware
