package fetch

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/url"

	"github.com/pressrun/pressrun/internal/content"
	"github.com/pressrun/pressrun/internal/pace"
)

// forwarded are the headers of an answer that are handed on.
var forwarded = []string{"Content-Type", "X-Wp-Total", "X-Wp-Totalpages", "Link", "Last-Modified", "Etag", "Content-Language"}

// Forward hands an answer of the source on as it is, in the pace of all requests. When
// it fails, nothing has been written.
func (c *Client) Forward(ctx context.Context, w http.ResponseWriter, address, accept string) error {
	u, err := url.Parse(address)
	if err != nil || !c.own(u) {
		return fmt.Errorf("the address is not at %s", c.base.Host)
	}
	request, err := c.request(ctx, content.Request{Method: http.MethodGet}, u)
	if err != nil {
		return err
	}
	if accept != "" {
		request.Header.Set("Accept", accept)
	}
	turn := c.o.Pace.Do(ctx, func() (load pace.Answer) {
		c.requests.Add(1)
		var resp *http.Response
		if resp, err = c.http.Do(request); err != nil {
			err = reason(err)
			return pace.OfResponse(nil, c.o.Now())
		}
		defer resp.Body.Close()
		for _, name := range forwarded {
			if values := resp.Header.Values(name); len(values) > 0 {
				w.Header()[name] = values
			}
		}
		w.WriteHeader(resp.StatusCode)
		n, _ := io.Copy(w, io.LimitReader(resp.Body, mostBytes)) // the client may have left
		c.bytes.Add(n)
		return pace.OfResponse(resp, c.o.Now())
	})
	if turn != nil {
		return turn
	}
	return err
}
