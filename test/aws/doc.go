// Package aws holds the templates of examples/aws, and the policy in docs/github.md,
// against each other and against the calls that the code makes.
package aws
