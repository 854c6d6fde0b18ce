// Package pages serves the editors' and operators' pages. They work without JavaScript:
// every act is a form, every answer a page. A file is one page of a site: its state, its
// releases, a request. In packages of their own are the pages for operators (operator),
// those about their reader (account), the parts that all share (frame, rows), templates and
// assets.
package pages
