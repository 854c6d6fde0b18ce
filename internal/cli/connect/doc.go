// Package connect has the commands about the hooks that CMSs call, and about the targets
// that the app notifies.
package connect
