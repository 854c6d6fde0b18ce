// Package plan compares a build with a destination's content: which files have to be
// sent, in which phases, and which are deleted afterwards. It does no I/O.
package plan
