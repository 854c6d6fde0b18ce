// Package previews serves the pages of a site's previews: the list, with a form that asks for
// a new one, and the forms that keep one longer or remove it.
package previews
