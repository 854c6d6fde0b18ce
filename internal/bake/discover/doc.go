// Package discover reads the lists by which a CMS tells what pages it has: sitemaps,
// robots.txt, web app manifests, and the answers of CMSs' own APIs. It does no I/O.
package discover
