// Package trigger decides which events of a CMS ask for a release: at once, with
// the next scheduled one, or not at all. It is pure, and it always says why.
//
// Rules are tried in their order and the first that applies decides. A rule applies
// when each of its conditions does; a condition lists alternatives.
package trigger
