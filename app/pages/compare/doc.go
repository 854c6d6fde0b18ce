// Package compare has the page that compares two releases of a site: the list of pages that
// differ, or the old text of one page beside the new one.
package compare
