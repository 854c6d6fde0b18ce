// Package content has the parts of a copy of a CMS's content: records, kept as the CMS's
// API gave them, the snapshots that they are in, and the lists by which they are read. It
// is pure: it decides which requests are made and what an answer means. The packages
// below it do I/O:
//
//	source     the CMSs, a file each
//	fetch      asks a source, gently and within bounds
//	archive    the folder of a copy
//	export     a pass: reads what changed, checks it, commits a snapshot
//	job        prepares an export from its settings
//	readthrough answers at a CMS's own addresses from a snapshot
//
// Package app/content is not about copies: there the server asks a CMS which
// publications are due.
package content
