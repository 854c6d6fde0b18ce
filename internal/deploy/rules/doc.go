// Package rules derives from a file's path how it is served: its class, media type,
// caching, other headers, and whether it is stored compressed. A site's own rules and its
// _headers file come on top.
package rules
