// Package api serves the API: requests, sites, runs, operators' acts, the audit
// trail, outputs and backups. Each file is one kind of call; the wire types are
// those of internal/api.
package api
