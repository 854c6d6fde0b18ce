// Package postgres keeps a ledger in a PostgreSQL database, which several processes of
// the app may have open at a time. It keeps no state in a session beyond a transaction,
// so that it works through a pooler that gives each transaction another session. Every
// wait has a timeout, and connections to a server that went away or became a standby are
// closed at once: otherwise clients go on talking to the old primary after a fail-over.
package postgres
