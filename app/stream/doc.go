// Package stream sends answers that take long: outputs of any length, and event
// streams. A reader who takes nothing for a while is cut off.
package stream
