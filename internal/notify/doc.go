// Package notify makes the messages about a site for its targets. It is pure. A new kind
// of target is a file and a line in the table of kinds.go. app/notices sends the
// messages, and retries.
package notify
