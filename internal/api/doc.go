// Package api has the types of the HTTP API under /v1, its problems (RFC 9457), and a
// client, for the app, the action and the operator's commands. Each kind of call has a
// file with its types and the client's methods: hence more files than elsewhere, and more
// methods of [Client].
package api
