// Package verify reads a release back through the public address of its site, as visitors
// do. [Run] decides whether it is live.
package verify
