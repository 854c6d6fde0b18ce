// Package metrics tells Prometheus how the sites stand and how releases went: what a
// scrape reads from one snapshot of the ledger, and what is counted from its events
// while the app runs. Names and units follow
// https://prometheus.io/docs/practices/naming/.
package metrics
