// Package steps has the steps of a run, from the claim of a release to the report that the
// site is ready again. A step has the parts that all share (Run), and settings of its own.
// Each step is a file, and so there are more files than in other packages.
package steps
