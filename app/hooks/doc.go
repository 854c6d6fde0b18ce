// Package hooks takes what CMSs send: calls of /hooks/SITE/SECRET[/EVENT], for
// which whoever knows the address needs nothing more. Each call is verified over
// its bytes as they came, read, judged by the site's rules, and answered once it
// is on disk.
//
// The secret of an address is compared in constant time, and is in no log, error,
// page or answer.
package hooks
