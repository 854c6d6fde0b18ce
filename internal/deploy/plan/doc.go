// Package plan plans a deploy: it compares a build with a destination's content, and puts
// the writes and deletes in order. It does no I/O.
package plan
