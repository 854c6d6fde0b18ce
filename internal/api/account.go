package api

import (
	"context"
	"io"
	"net/http"
	"time"
)

// Baked sums up the account of a bake: how many of a CMS's addresses had each outcome.
type Baked struct {
	// Mode is how much of the CMS was read (full, conditional or changed), and Because the reason.
	Mode    string `json:"mode,omitempty" maxLength:"50"`
	Because string `json:"because,omitempty" maxLength:"500"`
	// Known counts all known addresses; each is counted once more by its outcome below.
	Known       int64 `json:"known"`
	Baked       int64 `json:"baked"`
	Skipped     int64 `json:"skipped,omitempty" doc:"in the output as they were: nothing says that they changed"`
	Stale       int64 `json:"stale,omitempty" doc:"in the output as they were: the CMS gave no answer"`
	Redirects   int64 `json:"redirects,omitempty"`
	Gone        int64 `json:"gone,omitempty" doc:"in the last bake, and no more in the CMS"`
	Missing     int64 `json:"missing,omitempty" doc:"something names them, and the CMS does not have them"`
	NoPage      int64 `json:"no_page,omitempty" doc:"it was only looked whether they are there"`
	LeftOut     int64 `json:"left_out,omitempty" doc:"not asked for on purpose"`
	Unreachable int64 `json:"unreachable,omitempty"`
	Bad         int64 `json:"bad,omitempty" doc:"answers that can't be published"`
	New         int64 `json:"new,omitempty"`
	Changed     int64 `json:"changed,omitempty"`
	Requests    int64 `json:"requests"`
	// Oldest is when the oldest page was last known to be right.
	Oldest *time.Time `json:"oldest,omitempty"`
	// First are the first addresses that are stale, missing or bad, and FirstOf is how
	// many there are.
	First   []BakedAddress `json:"first,omitempty" maxItems:"50" nullable:"false"`
	FirstOf int64          `json:"first_of,omitempty"`
}

// BakedAddress is the outcome of an address.
type BakedAddress struct {
	Address string `json:"address" maxLength:"500"`
	Outcome string `json:"outcome" maxLength:"50"`
	Why     string `json:"why,omitempty" maxLength:"500"`
}

// MaxAccount bounds the account of a release, in bytes of gzipped JSON lines. Its end is
// left out beyond that.
const MaxAccount = 700_000

// AccountInput is the account of a release: the outcome of every address.
type AccountInput struct {
	// Lines are gzip of JSON lines, of MaxAccount bytes at most.
	Lines []byte `json:"lines"`
}

// PutAccount stores the account of a release.
func (c *Client) PutAccount(ctx context.Context, site string, number int64, in AccountInput) error {
	return c.do(ctx, call{method: http.MethodPut, path: releasePath(site, number, "account"), body: in, repeatable: true})
}

// Account opens the account of a release: JSON lines, an address each. The caller closes it.
func (c *Client) Account(ctx context.Context, site string, number int64) (io.ReadCloser, error) {
	resp, err := c.send(ctx, call{method: http.MethodGet, path: releasePath(site, number, "account"), repeatable: true})
	if err != nil {
		return nil, err
	}
	return resp.Body, nil
}
