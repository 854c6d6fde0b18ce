// Package command is what callers may have done: have a request accepted, and
// the acts of operators. The API, the pages and hooks share it.
package command
