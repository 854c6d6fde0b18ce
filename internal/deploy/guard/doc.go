// Package guard checks whether a build may be published, compared with the live release. It
// does no I/O.
package guard
