// Package verify reads a release back through the public address of its site, as
// visitors do. [Run] is the last word on "live".
package verify
