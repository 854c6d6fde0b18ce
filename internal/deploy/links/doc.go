// Package links finds the dead links of a build, and the links that a release breaks in
// unchanged pages. It does no I/O.
package links
