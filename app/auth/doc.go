// Package auth decides who makes a call and what they may do: roles, configured
// tokens, the credentials that the app mints itself, and signing in to the
// pages.
//
// It knows no runner. A runner whose runs show by something else who they are,
// such as GitHub's OIDC tokens, brings a RunIdentifier.
package auth
