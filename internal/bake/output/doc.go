// Package output makes the folder of a baked site: every address in it rewritten to where
// the site will be, redirects and media types handed to the deploy in its own files, and
// all of it in place at once, or not at all.
package output
