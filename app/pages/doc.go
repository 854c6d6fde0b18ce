// Package pages serves the editors' and operators' pages. They are whole without
// JavaScript: every act is a form, every answer a page. A file is one page of a site:
// what is live, what is on its way, what was released. Beside them are the pages for
// operators (operator), those about their reader (account), what all share (frame, rows),
// templates and assets.
package pages
