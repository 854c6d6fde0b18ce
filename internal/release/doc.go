// Package release holds the rules of a site's content releases: which request joins which
// release, when a release is dispatched, which reports of a run count, and what follows a
// failure. It is pure. Step takes a site, an event and the time, and returns the site
// after the event and the effects to carry out. Nothing here reads a clock, a random
// source, the environment or a file, so every rule can be tested, searched and replayed.
// The caller of Step stores the new site and its effects in one transaction; there is no
// other way to change a site. A rule is a function of a turn and an event, in the file of
// its subject: hence more files than elsewhere.
//
// # Places in line
//
// A site gives each request it accepts the next place in line, a number that
// only grows. A release serves every request up to its watermark's place, so
// "is my change live?" is one comparison, and a release costs the same
// whether it serves one request or a hundred thousand.
package release
