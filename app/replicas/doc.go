// Package replicas divides the work among several apps on one ledger: a duty is done by the
// replica that renews its claim, and sites belong to the machine on which they are built. An
// app that has its ledger alone does everything.
package replicas
