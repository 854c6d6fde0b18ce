// Package store says what a deploy needs of the place where a site is kept: objects
// under keys, with headers, sums and conditions. Packages s3 and dir implement
// Store; what one of them can't do is a MissingCapability.
package store
