// Package when tells people about time: instants by the clock and in the language of who
// reads, ranges in which something is expected, and how long releases of a site usually
// take, from which such a range is made.
package when
