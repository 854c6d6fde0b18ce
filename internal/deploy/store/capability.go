package store

import "slices"

// MissingCapability is a capability of S3 that a store lacks. The first deploy to a
// destination finds it out and reports it; all deploys work around it.
type MissingCapability string

// The missing capabilities.
const (
	MissingIfAbsent        MissingCapability = "if-none-match"
	MissingIfMatch         MissingCapability = "if-match"
	MissingDeleteIfMatch   MissingCapability = "delete-if-match"
	MissingChecksums       MissingCapability = "checksums"
	MissingStoredChecksums MissingCapability = "stored-checksums"
	MissingMetadata        MissingCapability = "metadata"
	MissingRedirects       MissingCapability = "website-redirects"
	MissingCopies          MissingCapability = "copies"
	MissingCopyHeaders     MissingCapability = "copies-with-headers"
	MissingListingInParts  MissingCapability = "listing-in-parts"
	MissingNestedKeys      MissingCapability = "nested-keys"
)

// String says what the store does not do and the consequence, as a sentence without its
// subject.
func (m MissingCapability) String() string {
	switch m {
	case MissingIfAbsent:
		return "does not know conditional writes (If-None-Match): two deploys at once would not notice each other, so let only one run at a time"
	case MissingIfMatch:
		return "does not know conditional writes (If-Match): two deploys at once would not notice each other, so let only one run at a time, and a file that somebody changed by hand is overwritten"
	case MissingDeleteIfMatch:
		return "does not know conditional deletes (If-Match): each file is looked at before it is deleted"
	case MissingChecksums:
		return "takes content that differs from its checksum (CRC64NVME): damage on the way is not noticed"
	case MissingStoredChecksums:
		return "does not report checksums (CRC64NVME): after a deploy that died, the files that it had sent are sent again"
	case MissingMetadata:
		return "does not keep metadata (x-amz-meta-*): a CDN gets no cache tags from it, and the status of a temporary redirect is lost"
	case MissingRedirects:
		return "does not keep website redirects (x-amz-website-redirect-location): redirects are pages with status 200 that redirect by themselves"
	case MissingCopies:
		return "does not copy: a change of headers sends the file again, and no release is kept to roll back to"
	case MissingCopyHeaders:
		return "keeps the old headers in a copy: a change of headers sends the file again, and a rollback does not restore the old headers"
	case MissingListingInParts:
		return "leaves keys out when its listing is read from a key on (ListObjectsV2 with start-after): it is listed from its start, page after page, which takes longer"
	case MissingNestedKeys:
		return "can't have a file and a folder of one name (news, and news/index.html): where one replaces the other, the old one is deleted before the new one is written, and is missing meanwhile"
	}
	return "lacks " + string(m)
}

// Capabilities are the results of probing a destination's store.
type Capabilities struct {
	Missing []MissingCapability `json:"lacks,omitempty"`
	// ListingChecked says that a listing in parts was compared with one from the start. That
	// needs a destination with more than a page of keys.
	ListingChecked bool `json:"listing_checked,omitempty"`
	// NestingTried says that MissingNestedKeys was probed, which earlier versions did not do.
	NestingTried bool `json:"nesting_tried,omitempty"`
}

// ListsInParts says whether the store's listing was found to be the same in parts.
func (c *Capabilities) ListsInParts() bool {
	return c != nil && c.ListingChecked && !c.AnyMissing(MissingListingInParts)
}

// AnyMissing says whether one of these is missing; false before the store was probed (nil).
func (c *Capabilities) AnyMissing(one ...MissingCapability) bool {
	return c != nil && slices.ContainsFunc(one, func(m MissingCapability) bool { return slices.Contains(c.Missing, m) })
}

// RedirectHeader makes S3's website endpoint answer 301 with this location (PutObject
// API reference, x-amz-website-redirect-location).
const RedirectHeader = "x-amz-website-redirect-location"

// CheckHeaders are headers to probe a store with: one of each kind, different for each value.
func CheckHeaders(value string) Headers {
	return Headers("cache-control: no-store\ncontent-type: text/plain; charset=utf-8\nx-amz-meta-pressrun: " + value + "\n" + RedirectHeader + ": /" + value + "\n")
}

// MissingFrom compares a written object with what the store reports of it.
func MissingFrom(put Put, info Info) []MissingCapability {
	var out []MissingCapability
	if !info.HasCRC || info.CRC != put.CRC {
		out = append(out, MissingStoredChecksums)
	}
	if info.Headers.Get("x-amz-meta-pressrun") != put.Headers.Get("x-amz-meta-pressrun") {
		out = append(out, MissingMetadata)
	}
	if info.Headers.Get(RedirectHeader) != put.Headers.Get(RedirectHeader) {
		out = append(out, MissingRedirects)
	}
	return out
}
