// Package verify reads a release through the public address of its site, as visitors do, to
// see whether it is live there.
package verify
