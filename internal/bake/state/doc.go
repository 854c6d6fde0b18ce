// Package state keeps the state of bakes on disk: each address with its sources and the
// CMS's answer, in a journal that outlives a kill at any point, and the bodies of the
// answers, by their content.
package state
