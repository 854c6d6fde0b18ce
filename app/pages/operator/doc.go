// Package operator serves the pages on which operators act on a site, and see what was
// done at it: the audit trail, its export, freezes, rollbacks, guards, notices.
package operator
