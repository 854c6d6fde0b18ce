// Package middleware stands before every route: it bounds how long bodies and
// dead connections are waited for, keeps other sites' pages out, and sets the
// headers that browsers guard pages by.
package middleware
