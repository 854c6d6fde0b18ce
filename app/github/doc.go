// Package github is the server's side of GitHub, behind runner.Provider: it connects
// internal/githubapp with the ledger and the rules.
//
// webhooks.go and installation.go act on GitHub's webhooks, approvals.go approves runs that
// wait, deployments.go shows releases at GitHub, previews.go makes previews of pull requests
// and branches, names.go notices renamed repositories, identities.go identifies runs by
// their tokens, setup.go makes the GitHub App with an operator, and credentials.go stores its
// secrets. connection.go has the link to GitHub that they share.
package github
