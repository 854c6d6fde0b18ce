// Package board shows the state of the sites and keeps it up to date: drawn in place on
// a terminal, a line for each change elsewhere. It follows the app's stream of events,
// and also reads the sites now and then, since a release becomes late without an event.
package board
