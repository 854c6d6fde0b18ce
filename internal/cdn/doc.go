// Package cdn purges from a CDN the content that a release changed. A new CDN is a file
// with a [Purger] and a line in the table of kinds.go. Its sub-packages: urlpath (the
// addresses of a site's files), verify (reads a release through the public address) and
// redirectkv (redirects that CloudFront answers by itself).
//
// [Plan] is pure: from the paths that a release changed, the cache tags that cached pages
// carry, and a CDN's limits and prices it chooses what to purge: tags, else paths and
// prefixes, else everything; nothing when nothing changed. A [Purger] carries that out
// for one CDN, and its [Receipt] lets a later process resume it after a failure. Nothing
// here fails a release that is live at its origin: a failed purge is a [PendingError],
// and can be resumed. It is larger than other packages (one file for each of five CDNs),
// since planning, sending and resuming share the unexported parts of one type, [Set].
package cdn
