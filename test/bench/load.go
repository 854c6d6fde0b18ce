package main

import (
	"context"
	"fmt"
	"net/url"
	"time"

	"github.com/pressrun/pressrun/test/httpload"
	"github.com/pressrun/pressrun/test/program"
)

// load lets clients ask, each over one connection and one request at a time, for
// a span of time. The clients share the machine with the server and must cost
// little: a request is one prepared text, in which only the key changes.
func load(ctx context.Context, s *program.Server, clients int, span time.Duration, name string) (httpload.Rate, error) {
	u, err := url.Parse(s.URL)
	if err != nil {
		return httpload.Rate{}, fmt.Errorf("read the server's address: %w", err)
	}
	return httpload.Crowd(ctx, clients, span, func(ctx context.Context, client int) ([]time.Duration, error) {
		return httpload.Requests(ctx, u.Host, s.Token, "www", fmt.Sprintf("%s-%03d-", name, client))
	})
}
