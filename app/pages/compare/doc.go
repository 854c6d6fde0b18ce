// Package compare has the page on which two releases of a site are compared: which pages
// differ, and of one of them the old text beside the new one.
package compare
