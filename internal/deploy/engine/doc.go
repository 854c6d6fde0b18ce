// Package engine carries a deploy out, in stages: the build and the destination are read,
// the build is checked, a plan is made, the lease is taken, and the plan is published.
// Each stage is a type that only the one before it makes, so that none can be left out.
// It has a file for each part of a stage: hence more than other packages, though the pure
// parts of a deploy are packages of their own.
package engine
