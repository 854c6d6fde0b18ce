// Package manifest describes a built site (Tree) and what a destination holds of it
// (Manifest), and which release is live and who deploys (Head), with their
// encodings. It does no I/O.
package manifest
