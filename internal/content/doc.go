// Package content is what a copy of a CMS's content is made of: records, kept as the
// CMS's API gave them, the snapshots that they are in, and the lists by which they are
// read. It is pure: it decides what is asked and what an answer means. What asks is in
// the packages below it:
//
//	source     the CMSs, a file each
//	fetch      asks, gently and within bounds
//	archive    the folder of a copy
//	export     a pass: reads what changed, checks it, commits a snapshot
//	readthrough speaks a CMS's own addresses out of a snapshot
//
// Package app/content is something else: there the server asks a CMS what is due.
package content
