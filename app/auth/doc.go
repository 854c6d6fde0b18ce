// Package auth authenticates and authorizes callers: roles, configured tokens, the
// credentials that the app mints itself, and sign-ins to the pages.
//
// It knows no runner. A runner whose runs have credentials of another kind, such as
// GitHub's OIDC tokens, brings a RunIdentifier.
package auth
