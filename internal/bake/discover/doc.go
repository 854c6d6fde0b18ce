// Package discover reads the lists in which a CMS names its pages: sitemaps, robots.txt,
// web app manifests, and the answers of CMSs' own APIs. It does no I/O.
package discover
