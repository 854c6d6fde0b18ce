// Package frame has the parts that all pages share: the visit and its visitor, the layout,
// links from page to page, forms, refusals, and the reader's language and time zone. It knows
// no page.
package frame
