// Package replicas sees to what several apps on one ledger must not all do: work of
// which one does all for as long as it renews its claim, and sites that belong to the
// machine on which they are built. An app that has its ledger alone does everything.
package replicas
