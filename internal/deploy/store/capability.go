package store

import "slices"

// MissingCapability is something that a store, unlike S3, does not do. It is found out
// at the first deploy to a destination, said, and allowed for from then on.
type MissingCapability string

// The missing capabilities, as they are in the state and in a Result.
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

// String says what the store does not do, and what follows from that, for people.
func (m MissingCapability) String() string {
	switch m {
	case MissingIfAbsent:
		return "does not know conditional writes (If-None-Match): two deploys at once would not notice each other, so let only one run at a time"
	case MissingIfMatch:
		return "does not know conditional writes (If-Match): two deploys at once would not notice each other, so let only one run at a time, and a file that somebody changed by hand is overwritten"
	case MissingDeleteIfMatch:
		return "does not know conditional deletes (If-Match): each file is looked at before it is deleted"
	case MissingChecksums:
		return "takes content that differs from its checksum (CRC64NVME): what is damaged on the way is not noticed"
	case MissingStoredChecksums:
		return "does not tell the checksum of what it has (CRC64NVME): after a deploy that died, files that it had sent are sent again"
	case MissingMetadata:
		return "does not keep metadata (x-amz-meta-*): a CDN gets no cache tags from it, and the status of a temporary redirect is lost"
	case MissingRedirects:
		return "does not keep website redirects (x-amz-website-redirect-location): the pages of redirects lead on by themselves, with status 200"
	case MissingCopies:
		return "does not copy: a change of headers sends the file again, and no release is kept to roll back to"
	case MissingCopyHeaders:
		return "keeps the old headers in a copy: a change of headers sends the file again, and what a rollback puts back has other headers than it had"
	case MissingListingInParts:
		return "leaves keys out when its listing is read from a key on (ListObjectsV2 with start-after): it is listed from its start, one page after the other, which takes longer"
	case MissingNestedKeys:
		return "can't have a file and a folder of one name (news, and news/index.html): where one becomes the other, the old one is deleted before the new one is written, and is away meanwhile"
	}
	return "lacks " + string(m)
}

// Capabilities are the findings about a destination's store.
type Capabilities struct {
	Missing []MissingCapability `json:"lacks,omitempty"`
	// ListingChecked says that a listing in parts was compared with one from the start,
	// which only a destination of more than a page shows.
	ListingChecked bool `json:"listing_checked,omitempty"`
	// NestingTried says that MissingNestedKeys was looked for, which earlier versions
	// did not do.
	NestingTried bool `json:"nesting_tried,omitempty"`
}

// ListsInParts says whether the store's listing was found to be the same in parts.
func (c *Capabilities) ListsInParts() bool {
	return c != nil && c.ListingChecked && !c.AnyMissing(MissingListingInParts)
}

// AnyMissing says whether one of these was found to be missing; false before the store
// was tried (nil).
func (c *Capabilities) AnyMissing(one ...MissingCapability) bool {
	return c != nil && slices.ContainsFunc(one, func(m MissingCapability) bool { return slices.Contains(c.Missing, m) })
}

// RedirectHeader makes S3's website endpoint answer 301 with this location (PutObject
// API reference, x-amz-website-redirect-location).
const RedirectHeader = "x-amz-website-redirect-location"

// CheckHeaders are headers of each kind that a store has to keep; they differ by
// value.
func CheckHeaders(value string) Headers {
	return Headers("cache-control: no-store\ncontent-type: text/plain; charset=utf-8\nx-amz-meta-pressrun: " + value + "\n" + RedirectHeader + ": /" + value + "\n")
}

// MissingFrom compares an object as a store reports it with the one that was written.
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
