// Package notify holds what targets are told of what happened to a site, and in
// which form: pure. A kind of target is a file beside its siblings and a line in
// the table of kinds.go. Who sends it, and when again, is app/notices' affair.
package notify
