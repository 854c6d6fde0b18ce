// Package operator serves the pages on which operators act on a site and read its audit
// trail: acts, freezes, rollbacks, guards, notices, the export of the trail.
package operator
