// Package hooks takes the webhooks of CMSs: calls of /hooks/SITE/SECRET[/EVENT], which the
// secret in the address authorizes. Each call is verified over its raw bytes, read, judged
// by the site's rules, and answered once it is on disk.
//
// The secret of an address is compared in constant time, and is in no log, error,
// page or answer.
package hooks
