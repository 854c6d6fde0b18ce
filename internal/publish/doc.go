// Package publish makes a release the live one and sees that readers get it: the
// deploy, the redirect store, the CDN and the look through the public address. A
// run's steps and the program's commands both call it, so that they decide alike
// what a CDN is told and when a release is live with its edge pending.
//
// Run does all that changes something. Verify only reads, and is a call of its
// own: a run may verify in another job than it deployed in.
package publish
