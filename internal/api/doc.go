// Package api holds what goes over the wire between the app, the action, the
// operator's commands and everybody else: the types of the HTTP API under
// /v1, its problems (RFC 9457), and a client.
// A kind of call is a file, with its types and the client's side of it: hence more files
// than elsewhere, and more methods of [Client].
package api
