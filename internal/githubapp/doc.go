// Package githubapp carries releases out as runs of GitHub Actions: it dispatches
// workflows, finds their runs, looks up their states, and verifies webhooks and the OIDC
// tokens of runs. GitHub loses, delays, duplicates and reorders calls and webhooks. So no
// client retries a call that changes something, the run of a dispatch with an unknown
// outcome is looked for by its token, and a run's state is read from GitHub's API, not
// from the last webhook. It has a file for each of GitHub's interfaces that the app uses
// (dispatch, runs, webhooks, approvals, deployments, set-up), over one connection: hence
// more files than other packages.
package githubapp
