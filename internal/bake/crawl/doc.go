// Package crawl asks a CMS for all its pages as an anonymous visitor would: gently, one
// host alone, each answer bounded, and so that a kill at any point loses nothing.
package crawl
