package main

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/pressrun/pressrun/test/httpload"
	"github.com/pressrun/pressrun/test/program"
)

// rate is what a load came to.
type rate struct {
	Count int     `json:"count"`
	Rate  float64 `json:"per_second"`
	P50   float64 `json:"p50_ms"`
	P99   float64 `json:"p99_ms"`
	Max   float64 `json:"max_ms"`
}

// load lets clients ask, each over one connection and one request at a time, for
// a span of time. The clients share the machine with the server and must cost
// little: a request is one prepared text, in which only the key changes.
func load(ctx context.Context, s *program.Server, clients int, span time.Duration, name string) (rate, error) {
	u, err := url.Parse(s.URL)
	if err != nil {
		return rate{}, fmt.Errorf("read the server's address: %w", err)
	}
	ctx, cancel := context.WithTimeout(ctx, span)
	defer cancel()
	took := make([][]time.Duration, clients)
	errs := make([]error, clients)
	var crowd sync.WaitGroup
	began := time.Now()
	for i := range clients {
		crowd.Go(func() {
			took[i], errs[i] = ask(ctx, u.Host, s.Token, fmt.Sprintf("%s-%03d-", name, i))
		})
	}
	crowd.Wait()
	elapsed := time.Since(began)
	if err := errors.Join(errs...); err != nil {
		return rate{}, err
	}
	all := slices.Concat(took...)
	if len(all) == 0 {
		return rate{}, errors.New("not one request was answered")
	}
	return summarize(all, elapsed), nil
}

func summarize(all []time.Duration, elapsed time.Duration) rate {
	slices.Sort(all)
	ms := func(share float64) float64 {
		return float64(all[int(share*float64(len(all)-1))]) / float64(time.Millisecond)
	}
	return rate{Count: len(all), Rate: float64(len(all)) / elapsed.Seconds(), P50: ms(0.5), P99: ms(0.99), Max: ms(1)}
}

// ask sends requests over a connection until the context ends.
func ask(ctx context.Context, host, token, name string) (took []time.Duration, err error) {
	const body = `{"source":"content","actor":"Ada Lovelace","title":"Opening hours","entity":"node/1234","link":"https://cms.example.org/node/1234"}`
	line, err := httpload.Dial(context.WithoutCancel(ctx), host, "POST /v1/sites/www/requests HTTP/1.1\r\nHost: "+host+"\r\nAuthorization: Bearer "+token+
		"\r\nContent-Type: application/json\r\nContent-Length: "+strconv.Itoa(len(body))+
		"\r\nIdempotency-Key: "+name+httpload.Number+"\r\n\r\n"+body, "HTTP/1.1 201")
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, line.Close()) }()
	for n := 0; ctx.Err() == nil; n++ {
		one, err := line.Send(n)
		if err != nil {
			return nil, err
		}
		took = append(took, one)
	}
	return took, nil
}
