// Package probe looks at a running app from outside, as its callers do: whether what
// must work works, and whether what must be refused is refused. It changes nothing,
// unless it is asked to release a site.
package probe
