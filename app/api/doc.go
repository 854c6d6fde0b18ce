// Package api serves the API: requests, sites, runs, operators' acts, the audit
// trail, outputs and backups. Each file is one kind of call; the wire types are
// those of internal/api. Hence more files than elsewhere: they share the guard of the
// roles and nothing else.
package api
