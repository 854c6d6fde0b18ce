// Package frame is what all pages share: the visit and who makes it, the layout around
// each page, links from page to page, forms, refusals, and the reader's language and
// clock. It knows no page.
package frame
