package fetch

import (
	"context"
	"errors"
	"net/http"
	"time"

	"github.com/pressrun/pressrun/internal/content"
)

// Clock asks the source what time it is; any answer that has a Date will do. ownClock
// says that it sends none, and the time is this machine's.
func (c *Client) Clock(ctx context.Context) (at time.Time, ownClock bool, err error) {
	err = c.Ask(ctx, content.Request{Method: http.MethodHead, URL: c.base.String()}, func(a Answer) error {
		at, ownClock = a.At, a.OwnClock
		return nil
	})
	if refused, ok := errors.AsType[*StatusError](err); ok && refused.Status < http.StatusInternalServerError {
		return refused.At, refused.OwnClock, nil
	}
	return at, ownClock, err
}
