// Package cms reads the webhooks of content management systems: it checks who signed a
// delivery, and finds what happened to which content. Each dialect is one file and one
// line in the table of dialects; that is why the package has more files than others.
//
// A hook's configuration names its dialect. It is never guessed from the headers:
// Storyblok and Standard Webhooks use one header, webhook-signature, for two
// schemes.
//
// The package is pure. Signatures are checked over the received bytes, in constant time,
// before anything is parsed.
package cms
