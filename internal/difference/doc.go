// Package difference compares two releases of a site for people: the changed pages, by title
// and address, and a page's old text beside its new one. It only reads the destination.
//
// A page's old content is where a rollback finds it: among the copies kept by hash, as a
// version in the bucket, or still in its place. Its hash must be that in the release's
// manifest: a file that others changed was not published.
package difference
