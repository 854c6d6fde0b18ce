// Package account serves the pages about their reader, and not about a site: signing in and
// out, the list of sign-ins, language and times.
package account
