// Package api holds what goes over the wire between the app, the action, the
// operator's commands and everybody else: the types of the HTTP API under
// /v1, its problems (RFC 9457), and a client.
package api
