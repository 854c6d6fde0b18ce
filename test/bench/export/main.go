// Command export measures a copy of a large CMS whose answers take some time: a full
// pass beside a plain reader that asks for page after page, and a pass after some of the
// content has changed. The CMS is simulated, in this process, over real connections. It
// exits with 1 when a pass after changes costs more than is promised.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/pressrun/pressrun/internal/content"
	"github.com/pressrun/pressrun/internal/content/export"
	"github.com/pressrun/pressrun/internal/content/fetch"
	"github.com/pressrun/pressrun/internal/pace"
	"github.com/pressrun/pressrun/test/simcms"
)

type options struct {
	items   int
	latency time.Duration
	body    int
	changed float64
}

func main() {
	var o options
	flag.IntVar(&o.items, "items", 50_000, "how many records the CMS has")
	flag.DurationVar(&o.latency, "latency", 20*time.Millisecond, "what an answer takes")
	flag.IntVar(&o.body, "body", 2_000, "how many bytes a record's text has")
	flag.Float64Var(&o.changed, "changed", 1, "how many percent of the records change between two passes")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := bench(ctx, o); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1) //nolint:gocritic // nothing is deferred that matters to anybody
	}
}

// page is how many records a page has, as in WordPress.
const page = 100

// mostRequests and mostShare are what a pass after changes may cost at most: requests,
// and a share of the full pass's bytes.
const (
	mostRequests = 1100
	mostShare    = 5.0
)

func bench(ctx context.Context, o options) error {
	cms := simcms.New(simcms.Options{Records: o.items, Page: page, Latency: o.latency, Body: o.body}, 1, time.Now)
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	server := &http.Server{Handler: cms, ReadHeaderTimeout: time.Minute}
	go func() { _ = server.Serve(listener) }()
	defer server.Close() //nolint:errcheck // the process ends
	address := "http://" + listener.Addr().String()
	plain, err := plainly(ctx, address+"/posts?size="+fmt.Sprint(page))
	if err != nil {
		return err
	}
	dir, err := os.MkdirTemp("", "bench-export-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir) //nolint:errcheck // a temporary folder
	full, err := copied(ctx, cms, address, dir)
	if err != nil {
		return err
	}
	cms.Save(int(float64(o.items) * o.changed / 100))
	part, err := copied(ctx, cms, address, dir)
	if err != nil {
		return err
	}
	share := 100 * float64(part.bytes) / float64(full.bytes)
	fmt.Printf("items=%d plain_seconds=%.1f full_seconds=%.1f full_of_plain=%.2f full_requests=%d full_bytes=%d changed=%d changed_seconds=%.1f changed_requests=%d changed_bytes=%d changed_bytes_percent=%.2f\n",
		o.items, plain.Seconds(), full.Seconds, full.Seconds/plain.Seconds(), full.requests, full.bytes, part.Changed, part.Seconds, part.requests, part.bytes, share)
	if part.requests >= mostRequests || share >= mostShare {
		return errors.New("a pass after changes costs more than is promised")
	}
	return nil
}

// plainly reads page after page, over one connection, and keeps nothing.
func plainly(ctx context.Context, address string) (time.Duration, error) {
	began := time.Now()
	for n := 1; ; n++ {
		request, err := http.NewRequestWithContext(ctx, http.MethodGet, fmt.Sprint(address, "&page=", n), http.NoBody)
		if err != nil {
			return 0, err
		}
		resp, err := http.DefaultClient.Do(request)
		if err != nil {
			return 0, err
		}
		body, err := io.ReadAll(resp.Body)
		_ = resp.Body.Close()
		var records []json.RawMessage
		if err = errors.Join(err, json.Unmarshal(body, &records)); err != nil {
			return 0, err
		}
		if fmt.Sprint(n) == resp.Header.Get("X-Pages") {
			return time.Since(began), nil
		}
	}
}

// cost is what a pass cost.
type cost struct {
	export.Report
	requests int
	bytes    int64
}

func copied(ctx context.Context, cms *simcms.CMS, address, dir string) (c cost, err error) {
	client, err := fetch.New(fetch.Options{URL: address, Pace: pace.New(pace.Limits{}), Now: time.Now})
	if err != nil {
		return c, err
	}
	defer client.Close()
	requests, bytes := cms.Figures()
	pager := content.Pager{SizeParam: "size", Size: page, NumberParam: "page", First: 1, TotalHeader: "X-Total", PagesHeader: "X-Pages"}
	c.Report, err = export.Run(ctx, export.Plan{
		Dir: filepath.Join(dir, "copy"), Kind: "simcms", URL: address, Ask: client, Now: time.Now, Overlap: 2 * time.Minute,
		Types: []content.Type{{
			Name: "posts", Path: "/posts", ID: "/id", Stamp: "/modified", Pager: pager, Batch: page,
			ByID:   func(ids []string) url.Values { return url.Values{"ids": {strings.Join(ids, ",")}} },
			Sparse: url.Values{"fields": {"id,modified"}},
			Since:  func(at time.Time) url.Values { return url.Values{"since": {at.UTC().Format("2006-01-02T15:04:05")}} },
		}},
	})
	after, read := cms.Figures()
	c.requests, c.bytes = after-requests, read-bytes
	return c, err
}
