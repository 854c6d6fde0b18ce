// Package content asks the sites' CMSs about their content: to publish what is due
// before a slot of a schedule, and for a fingerprint by which it can be seen that
// nothing has changed.
package content
