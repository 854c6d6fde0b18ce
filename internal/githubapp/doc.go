// Package githubapp carries releases out as runs of GitHub Actions: it
// dispatches workflows, finds the runs that came of it, tells how they stand,
// and checks what GitHub and its runs say of themselves (webhooks, OIDC).
//
// GitHub loses, delays, doubles and reorders things. So nothing that changes
// anything is ever sent twice by a retrying client, a dispatch of unknown
// outcome is looked for by its token, and a run's state is what GitHub's API
// says, not what a webhook said last.
//
// It has a file for each of GitHub's ways that the app goes (dispatch, runs, webhooks,
// approvals, deployments, set-up), over one connection: hence more than other packages.
package githubapp
