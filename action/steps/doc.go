// Package steps has the steps of a run, a file each, from the claim of a release to
// the word that the site is ready again. A step has what all share (Run), and the
// settings that are its own.
// It has a file a step, and so more files than other packages.
package steps
