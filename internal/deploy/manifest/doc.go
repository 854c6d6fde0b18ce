// Package manifest has the records of a deploy and their encodings: a built site (Tree),
// the files at a destination (Manifest), and the live release with the lease (Head). It
// does no I/O.
package manifest
