// Package figures sends what a run measured to systems that keep figures: a kind of
// system is a file and a line in kinds.go. What can't be sent is told, and fails nothing.
package figures
