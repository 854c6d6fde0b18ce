// Package fakegithub stands in for GitHub in tests and drills: the calls that
// Pressrun makes, webhooks, and the OIDC tokens of runs.
//
// Every request that it gets and every answer that it gives is held against
// GitHub's own description (testdata/openapi.json, cut from @octokit/openapi
// 23.0.2, MIT); what does not fit is in Violations. Webhooks are GitHub's own
// examples (testdata/webhooks, from @octokit/webhooks-examples 7.6.1, MIT) with
// the run's values put in.
//
// It can be as bad as GitHub has been: lose answers after the effect, delay,
// double and reorder webhooks, lag its list of runs, limit rates and fail.
package fakegithub
