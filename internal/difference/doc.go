// Package difference tells people what differs between two releases of a site: which
// pages, by title and address, and of one page its old text beside its new one. It reads
// what the site's destination keeps, and changes nothing there.
//
// A page's old content is where a rollback finds it: among the copies kept by hash, as a
// version that the bucket keeps, or, as long as nobody has replaced it, in its place.
// Content is checked against the hash in the release's manifest, so that a file that was
// changed since is not shown as if it had been published.
package difference
