// Package rules derives from a file's path how it is published and served: its class, media
// type, caching, other headers, whether it is compressed, and whether it is left out. A
// site's own rules and its _headers file come on top.
package rules
