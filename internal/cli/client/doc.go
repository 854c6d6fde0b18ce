// Package client has the commands that ask an app: for a release, how things stand, and
// what an operator does. A command is a file: hence more than elsewhere.
package client
