// Package github is the server's side of GitHub, behind runner.Provider: what
// internal/githubapp can do, brought together with the ledger and the rules.
//
// webhooks.go and installation.go act on GitHub's webhooks, approvals.go answers
// for runs that wait, deployments.go shows releases at GitHub, identities.go
// knows runs by their tokens, setup.go makes the GitHub App with an operator,
// and credentials.go keeps its secrets. connection.go is the way to GitHub that
// they share.
package github
