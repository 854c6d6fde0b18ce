// Package redact takes secrets out of text that others will see: the log of a run, the
// reason why it failed, events, the output of doctor. A secret is known by the name of
// the variable that holds it, by its value in the forms in which programs print it, by
// its place (a password in an address, a header, a query), or by its own shape (a token
// of a service, a private key). It can't hide what it does not know: a password that
// stands alone in a text and is in no variable is not found.
package redact
