// Package board shows how sites stand and goes on showing it: drawn in place on a
// terminal, a line for each change elsewhere. It follows the app's stream of events,
// and looks by itself now and then, since time alone makes a release late.
package board
