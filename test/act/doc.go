// Package act runs the workflow that sites have, by act, against the app and a
// fake GitHub: the chain as an editor has it, without GitHub.
package act
