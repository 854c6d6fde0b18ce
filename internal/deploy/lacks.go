package deploy

// Lack is something that a store, unlike S3, does not do. It is found out at the
// first deploy to a destination, said, and allowed for from then on.
type Lack string

// The lacks, as they are in the state and in a Result.
const (
	LackIfAbsent        Lack = "if-none-match"
	LackIfMatch         Lack = "if-match"
	LackDeleteIfMatch   Lack = "delete-if-match"
	LackChecksums       Lack = "checksums"
	LackStoredChecksums Lack = "stored-checksums"
	LackMetadata        Lack = "metadata"
	LackRedirects       Lack = "website-redirects"
	LackCopies          Lack = "copies"
	LackCopyHeaders     Lack = "copies-with-headers"
)

// String says what is missing and what follows from it.
func (l Lack) String() string {
	switch l {
	case LackIfAbsent:
		return "does not know conditional writes (If-None-Match): two deploys at once would not notice each other, so let only one run at a time"
	case LackIfMatch:
		return "does not know conditional writes (If-Match): two deploys at once would not notice each other, so let only one run at a time, and a file that somebody changed by hand is overwritten"
	case LackDeleteIfMatch:
		return "does not know conditional deletes (If-Match): each file is looked at before it is deleted"
	case LackChecksums:
		return "takes content that differs from its checksum (CRC64NVME): what is damaged on the way is not noticed"
	case LackStoredChecksums:
		return "does not tell the checksum of what it has (CRC64NVME): after a deploy that died, files that it had sent are sent again"
	case LackMetadata:
		return "does not keep metadata (x-amz-meta-*): a CDN gets no cache tags from it, and the status of a temporary redirect is lost"
	case LackRedirects:
		return "does not keep website redirects (x-amz-website-redirect-location): the pages of redirects lead on by themselves, with status 200"
	case LackCopies:
		return "does not copy: a change of headers sends the file again, and no release is kept to roll back to"
	case LackCopyHeaders:
		return "keeps the old headers in a copy: a change of headers sends the file again, and what a rollback puts back has other headers than it had"
	}
	return "lacks " + string(l)
}

// StoreSeen is what was found out about a destination's store.
type StoreSeen struct {
	Lacks []Lack `json:"lacks,omitempty"`
}

// redirectHeader makes S3's website endpoint answer 301 with this location (PutObject
// API reference, x-amz-website-redirect-location).
const redirectHeader = "x-amz-website-redirect-location"

// ProbeHeaders are headers of each kind that a store has to keep; they differ by
// value.
func ProbeHeaders(value string) Headers {
	return Headers("cache-control: no-store\ncontent-type: text/plain; charset=utf-8\nx-amz-meta-pressrun: " + value + "\n" + redirectHeader + ": /" + value + "\n")
}

// LacksOf compares what a store tells of an object with what it was given.
func LacksOf(put Put, info Info) []Lack {
	var out []Lack
	if !info.HasCRC || info.CRC != put.CRC {
		out = append(out, LackStoredChecksums)
	}
	if info.Headers.Get("x-amz-meta-pressrun") != put.Headers.Get("x-amz-meta-pressrun") {
		out = append(out, LackMetadata)
	}
	if info.Headers.Get(redirectHeader) != put.Headers.Get(redirectHeader) {
		out = append(out, LackRedirects)
	}
	return out
}
