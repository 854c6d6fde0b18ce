// Package previews serves the page of a site's previews: what stands, a form by which
// another is asked for, and the questions before one is kept longer or removed.
package previews
