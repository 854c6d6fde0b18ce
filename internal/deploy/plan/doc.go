// Package plan compares a build with what a destination holds: what has to be sent,
// in which phases, and what is deleted afterwards. It does no I/O.
package plan
