// Package publish makes a release live and checks that readers get it: it deploys, writes
// the redirect store, purges the CDN and reads the site through its public address. Both
// the steps of a run and the program's commands call it, so that they agree on what is
// purged and on when a release is live with its edge pending (docs/cdn.md). Run makes all
// changes. Verify only reads, and is a separate call: a run may verify in another job
// than it deployed in.
package publish
