// Package connect has the commands about what calls an app and what it calls: the hooks
// of CMSs, and the targets that are told what happens.
package connect
