package api

import (
	"context"
	"io"
	"net/http"
	"time"
)

// Baked sums up the account of a bake: what became of the addresses of a CMS.
type Baked struct {
	// Mode is how much was asked for (full, conditional or changed), and Because why.
	Mode    string `json:"mode,omitempty" maxLength:"50"`
	Because string `json:"because,omitempty" maxLength:"500"`
	// Known are the addresses that are known; each of them is counted once more below.
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
	// First are the first of those that are not in the output and should be, or are there
	// as they were; FirstOf is how many there are.
	First   []BakedAddress `json:"first,omitempty" maxItems:"50" nullable:"false"`
	FirstOf int64          `json:"first_of,omitempty"`
}

// BakedAddress is what became of an address.
type BakedAddress struct {
	Address string `json:"address" maxLength:"500"`
	Outcome string `json:"outcome" maxLength:"50"`
	Why     string `json:"why,omitempty" maxLength:"500"`
}

// MaxAccount bounds the account of a release as it is sent, in bytes: gzip of JSON lines.
// What would be more is left out at its end.
const MaxAccount = 700_000

// AccountInput is what became of every address of a release.
type AccountInput struct {
	// Lines are gzip of JSON lines, of MaxAccount bytes at most.
	Lines []byte `json:"lines"`
}

// PutAccount leaves the account of a release.
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
