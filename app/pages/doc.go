// Package pages serves the editors' and operators' pages. They are whole without
// JavaScript: every act is a form, every answer a page. Each file is one page;
// templates and assets are beside them. They share the visit and the layout, and know
// nothing else of each other: hence more files than elsewhere.
package pages
