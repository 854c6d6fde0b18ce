// Package publish publishes a release: it deploys, writes the redirect store, purges the CDN
// and verifies the site through its public address. The steps of a run and the program's
// commands both call it, so that they agree on the purge and on when a release is live with
// its edge pending (docs/cdn.md). Run makes all changes. Verify only reads, and is a
// separate call: a run may verify in another job than it deployed in.
package publish
