// Package cdn makes what a CDN keeps follow what a release changed. A new CDN is a
// file with a [Purger] and a line in the table of kinds.go. Its sub-packages:
// urlpath (the addresses of a site's files), verify (the look through the public
// address) and redirectkv (redirects that CloudFront answers by itself).
//
// [Plan] is pure: from the paths that a release changed, the cache tags that
// cached pages carry, and a CDN's limits and prices it chooses what to purge:
// tags, else folded paths, else everything; nothing when nothing changed. A
// [Purger] carries that out for one CDN, and its [Receipt] is enough to go on
// after a failure.
//
// Nothing here makes a release fail that is live at its origin: what a CDN
// refuses is a [PendingError], and the purge can be resumed.
//
// It is larger than other packages (one file for each of five CDNs): what is planned,
// sent and resumed is one type, [Set], whose parts no other package may see.
package cdn
