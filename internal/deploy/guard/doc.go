// Package guard judges whether a build may go out, compared with the release that
// is live. It does no I/O.
package guard
