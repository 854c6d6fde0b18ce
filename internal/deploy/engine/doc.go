// Package engine carries a deploy out, in stages: it reads the build and the destination,
// checks the build, makes a plan, takes the lease, and publishes. Each stage is a type that
// only the one before it makes, so that none can be left out. It has a file for each part
// of a stage: hence more than other packages, though the pure parts of a deploy are
// packages of their own.
package engine
