// Package state keeps on disk what a bake knows: each address with where it is known
// from and what the CMS answered, in a journal that outlives a kill at any point, and
// the bodies of the answers, by their content.
package state
