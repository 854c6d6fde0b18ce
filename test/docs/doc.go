// Package docs has no code of its own: its tests carry out what the documentation
// says, from its own text.
package docs
