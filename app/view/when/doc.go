// Package when has times for people: instants in the reader's zone and language, ranges in
// which a release is expected live, and how long releases of a site usually take, from which
// such a range is made.
package when
