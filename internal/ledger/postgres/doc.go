// Package postgres keeps a ledger in a PostgreSQL database, which several processes of
// the app may have open at a time. Nothing in it outlives a transaction on the server's
// side: so it works through a pooler that gives each transaction another session. Every
// wait has an end, and what belongs to a server that went away or became a standby is
// given up at once: most outages after a fail-over come from clients that went on
// talking to where the database was.
package postgres
