// Package account serves the pages that are about their reader, and about no site:
// signing in and out, who is signed in where, language and times.
package account
