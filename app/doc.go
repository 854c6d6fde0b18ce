// Package app is the server: it takes requests in, lets the rules decide,
// dispatches releases, follows their runs, and shows it all.
//
// New wires, Run serves. A request's way: package api takes it, the ledger
// commits it, the scheduler dispatches it when the rules allow, the run reports
// through api, and every change of a site's state goes through the ledger's
// Decide. The app keeps nothing in memory that it can't lose to a kill -9.
package app
