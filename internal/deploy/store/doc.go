// Package store has the interface between a deploy and the place of a site: objects under
// keys, with headers, sums and conditions. Packages s3 and dir implement Store; a
// MissingCapability is a part of it that a store can't do.
package store
