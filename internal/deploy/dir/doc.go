// Package dir deploys to a folder on this machine, so that a web server whose
// root is that folder never serves a mix of two releases.
//
// The folder itself is a symbolic link. For the destination file:///srv/www
// the package keeps
//
//	/srv/www              -> www.pressrun/trees/0000000042   (what the server reads)
//	/srv/www.pressrun/trees/0000000042/...                    (the live tree)
//	/srv/www.pressrun/trees/0000000041/...                    (the one before)
//	/srv/www.pressrun/state/...                               (head and manifests)
//
// A deploy makes a new tree of hard links to the live one (unchanged files cost
// no space and no copying), writes its changes there, and then swaps the link
// by rename(2), which is atomic: a server that opens a path sees the old tree or
// the new one. A folder that exists already is taken over: its files become
// part of the first tree, and link and folder change places by renameat2(2)
// RENAME_EXCHANGE. The folder's parent must be writable and on the same file
// system; a mount point can't be the folder itself, but a folder in it can.
//
// Foreign files in the folder are linked from tree to tree. Foreign links keep their
// targets (linktree.go) and are never followed: no key is read, written or deleted behind
// one (place.go).
//
// Nothing is fsynced: after a power cut the next deploy finds files that differ
// from its manifest and writes them again.
package dir
