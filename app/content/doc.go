// Package content calls the sites' CMSs: to publish due content before a slot of a schedule,
// and to read a fingerprint, which stays the same while the content does.
package content
