package httpload

import (
	"context"
	"errors"
	"slices"
	"strconv"
	"sync"
	"time"
)

// Rate is what a load came to. Times are milliseconds.
type Rate struct {
	Count     int     `json:"count"`
	PerSecond float64 `json:"per_second"`
	P50       float64 `json:"p50_ms"`
	P99       float64 `json:"p99_ms"`
	Max       float64 `json:"max_ms"`
}

// Summarize sorts spans of time and sums them up; there must be one at least.
func Summarize(all []time.Duration, elapsed time.Duration) Rate {
	slices.Sort(all)
	ms := func(share float64) float64 {
		return float64(all[int(share*float64(len(all)-1))]) / float64(time.Millisecond)
	}
	return Rate{Count: len(all), PerSecond: float64(len(all)) / elapsed.Seconds(), P50: ms(0.5), P99: ms(0.99), Max: ms(1)}
}

// Median is that of some rates, by what they came to a second.
func Median(all []Rate) Rate {
	slices.SortFunc(all, func(a, b Rate) int { return int(a.PerSecond - b.PerSecond) })
	return all[len(all)/2]
}

// Crowd lets clients ask for a span of time: each calls ask, which asks until its context
// ends and tells how long each answer took.
func Crowd(ctx context.Context, clients int, span time.Duration, ask func(ctx context.Context, client int) ([]time.Duration, error)) (Rate, error) {
	ctx, cancel := context.WithTimeout(ctx, span)
	defer cancel()
	took, errs := make([][]time.Duration, clients), make([]error, clients)
	began := time.Now()
	var crowd sync.WaitGroup
	for i := range clients {
		crowd.Go(func() { took[i], errs[i] = ask(ctx, i) })
	}
	crowd.Wait()
	elapsed := time.Since(began)
	if err := errors.Join(errs...); err != nil {
		return Rate{}, err
	}
	all := slices.Concat(took...)
	if len(all) == 0 {
		return Rate{}, errors.New("nothing was answered")
	}
	return Summarize(all, elapsed), nil
}

// DialRequests connects to an app, to ask for releases of a site: each request has a key,
// which begins with name.
func DialRequests(ctx context.Context, host, token, site, name string) (*Line, error) {
	const body = `{"source":"content","actor":"Ada Lovelace","title":"Opening hours","entity":"node/1234","link":"https://cms.example.org/node/1234"}`
	return Dial(ctx, host, "POST /v1/sites/"+site+"/requests HTTP/1.1\r\nHost: "+host+"\r\nAuthorization: Bearer "+token+
		"\r\nContent-Type: application/json\r\nContent-Length: "+strconv.Itoa(len(body))+
		"\r\nIdempotency-Key: "+name+Number+"\r\n\r\n"+body, "HTTP/1.1 201")
}

// Requests asks an app for releases of a site, over one connection and without pause,
// until the context ends.
func Requests(ctx context.Context, host, token, site, name string) (took []time.Duration, err error) {
	line, err := DialRequests(context.WithoutCancel(ctx), host, token, site, name)
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

// Page is what Pages asks for next, by how often it has asked. It may wait before.
type Page func(n int) (path string)

// Pages asks an app for pages as somebody who signed in, over one connection and without
// pause, until the context ends.
func Pages(ctx context.Context, host, cookie string, page Page) (took []time.Duration, err error) {
	line, err := Connect(context.WithoutCancel(ctx), host, "HTTP/1.1 200")
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, line.Close()) }()
	for n := 0; ; n++ {
		path := page(n)
		if ctx.Err() != nil { // also of who waited for that
			return took, nil
		}
		one, err := line.SendText([]byte("GET " + path + " HTTP/1.1\r\nHost: " + host + "\r\nCookie: " + cookie + "\r\n\r\n"))
		if err != nil {
			return nil, err
		}
		took = append(took, one)
	}
}
