// Package metrics serves figures of sites and releases to Prometheus: gauges that a scrape
// reads from one snapshot of the ledger, and counters of the events since the app
// started. Names and units follow
// https://prometheus.io/docs/practices/naming/.
package metrics
