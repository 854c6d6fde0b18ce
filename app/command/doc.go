// Package command has the commands of callers: requests for releases, and the acts of
// operators. The API, the pages and the hooks share it.
package command
