package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"net/textproto"
	"net/url"
	"slices"
	"strconv"
	"sync"
	"time"

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
	var d net.Dialer
	conn, err := d.DialContext(context.WithoutCancel(ctx), "tcp", host)
	if err != nil {
		return nil, fmt.Errorf("connect: %w", err)
	}
	defer func() { err = errors.Join(err, conn.Close()) }()
	const body = `{"source":"content","actor":"Ada Lovelace","title":"Opening hours","entity":"node/1234","link":"https://cms.example.org/node/1234"}`
	const digits = 8
	text := []byte("POST /v1/sites/www/requests HTTP/1.1\r\nHost: " + host + "\r\nAuthorization: Bearer " + token +
		"\r\nContent-Type: application/json\r\nContent-Length: " + strconv.Itoa(len(body)) +
		"\r\nIdempotency-Key: " + name + "00000000\r\n\r\n" + body)
	at := bytes.Index(text, []byte(name+"00000000")) + len(name)
	in := textproto.NewReader(bufio.NewReaderSize(conn, 8<<10))
	for n := 0; ctx.Err() == nil; n++ {
		copy(text[at:at+digits], fmt.Appendf(nil, "%08d", n))
		began := time.Now()
		if _, err := conn.Write(text); err != nil {
			return nil, fmt.Errorf("ask: %w", err)
		}
		if err := answer(in); err != nil {
			return nil, err
		}
		took = append(took, time.Since(began))
	}
	return took, nil
}

// answer reads one answer, which must be a 201.
func answer(in *textproto.Reader) error {
	status, err := in.ReadLineBytes()
	if err != nil {
		return fmt.Errorf("read the answer: %w", err)
	}
	if !bytes.HasPrefix(status, []byte("HTTP/1.1 201")) {
		return fmt.Errorf("the answer is %q", status)
	}
	length := -1
	for {
		line, err := in.ReadLineBytes()
		if err != nil {
			return fmt.Errorf("read the answer: %w", err)
		}
		if len(line) == 0 {
			break
		}
		if value, ok := bytes.CutPrefix(line, []byte("Content-Length: ")); ok {
			if length, err = strconv.Atoi(string(value)); err != nil {
				return fmt.Errorf("read the answer's length: %w", err)
			}
		}
	}
	if length < 0 {
		return errors.New("the answer has no length")
	}
	if _, err := in.R.Discard(length); err != nil {
		return fmt.Errorf("read the answer: %w", err)
	}
	return nil
}
