package crawl

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/pressrun/pressrun/internal/bake/address"
	"github.com/pressrun/pressrun/internal/bake/state"
	"github.com/pressrun/pressrun/internal/outbound"
	"github.com/pressrun/pressrun/internal/pace"
	"github.com/pressrun/pressrun/internal/sleep"
)

type fetcher struct {
	options *Options
	http    *http.Client
	pacer   *pace.Pacer
	bodies  state.Bodies
	good    atomic.Int64 // when the CMS last gave an answer that was one, in ns since 1970
}

func newFetcher(o *Options, bodies state.Bodies) *fetcher {
	transport := o.Transport
	if transport == nil {
		transport = network(o)
	}
	f := &fetcher{
		options: o, pacer: pace.New(o.Pace), bodies: bodies,
		http: &http.Client{
			Transport: transport, Timeout: o.Timeout,
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		},
	}
	// A CMS that has given no answer yet is given up sooner: it may not be there at all.
	f.good.Store(time.Now().Add(min(o.GiveUp, firstAnswer) - o.GiveUp).UnixNano())
	return f
}

// firstAnswer is how long a CMS may give no answer at all.
const firstAnswer = 20 * time.Second

// until is when a CMS is given up that gives no answer.
func (f *fetcher) until() time.Time { return time.Unix(0, f.good.Load()).Add(f.options.GiveUp) }

// errGivenUp says that a page is not requested, since the CMS has been silent for too long.
var errGivenUp = errors.New("the CMS gives no answer")

// turn carries a request out when its turn has come, unless the CMS is given up before.
func (f *fetcher) turn(ctx context.Context, request func() pace.Answer) error {
	for {
		until := f.until()
		if !time.Now().Before(until) {
			return errGivenUp
		}
		waiting, cancel := context.WithDeadline(ctx, until)
		err := f.pacer.Do(waiting, func() pace.Answer {
			a := request()
			if a.Verdict != pace.Overloaded {
				f.good.Store(time.Now().UnixNano())
			}
			return a
		})
		cancel()
		if err == nil || ctx.Err() != nil {
			return err
		}
	}
}

// network is the transport to the CMS's host alone.
func network(o *Options) *http.Transport {
	t := outbound.Transport(strings.Trim(o.Origin.Name(), "[]"))
	t.MaxIdleConnsPerHost, t.MaxConnsPerHost, t.ResponseHeaderTimeout = 64, 64, o.HeaderTimeout
	return t
}

// answer is the outcome of a request for a page.
type answer struct {
	page *state.Page
	// seen is the page's new state; page itself is changed by its owner alone.
	seen state.Page
	// text is the body, if its type can name addresses; else nil.
	text []byte
	// same says that the CMS answered 304: the page is as it was.
	same bool
	// header is the last answer's.
	header http.Header
	found  []found
	// stamps are when the pages of a sitemap were changed.
	stamps []stamped
}

// errBad says that an answer can't be published, and that a retry would not help.
var errBad = errors.New("it can't be published")

// fetch asks for a page until it is answered, or Tries times. It fails only with ctx, and
// when the disk does.
func (f *fetcher) fetch(ctx context.Context, p *state.Page, conditional bool) (answer, error) {
	a := answer{page: p}
	var last error
	for try := range f.options.Tries {
		if try > 0 {
			if sleep.For(ctx, f.options.Backoff<<(try-1)) != nil {
				return a, ctx.Err()
			}
		}
		err := f.turn(ctx, func() pace.Answer {
			var load pace.Answer
			a, load, last = f.ask(ctx, p, conditional)
			switch {
			case errors.Is(last, errBad):
				return pace.Answer{}
			case last != nil && load.Verdict == pace.Good: // it broke off
				return pace.Answer{Verdict: pace.Overloaded}
			}
			return load
		})
		var disk *diskError
		switch {
		case errors.Is(err, errGivenUp):
			a.seen.Step, a.seen.Why = state.Unreachable, err.Error()
			if last != nil {
				a.seen.Why += ": " + last.Error()
			}
			return a, nil
		case err != nil:
			return a, err
		case ctx.Err() != nil:
			return a, ctx.Err()
		case errors.As(last, &disk):
			return a, disk.err
		case last == nil:
			return a, nil
		case errors.Is(last, errBad):
			a.seen.Step, a.seen.Why = state.Bad, last.Error()
			return a, nil
		}
	}
	a.seen.Step, a.seen.Why = state.Unreachable, last.Error()
	return a, nil
}

// diskError is an error of this machine's disk, and not of the CMS.
type diskError struct{ err error }

func (e *diskError) Error() string { return e.err.Error() }

// ask asks for a page once.
func (f *fetcher) ask(ctx context.Context, p *state.Page, conditional bool) (answer, pace.Answer, error) {
	a := answer{page: p}
	r, err := f.request(ctx, p.Address)
	if err != nil {
		return a, pace.Answer{}, fmt.Errorf("%w: %w", errBad, err)
	}
	if conditional && p.Sum != "" && f.bodies.Has(p.Sum, p.Size) {
		set(r.Header, "If-None-Match", p.ETag)
		if p.ETag == "" {
			set(r.Header, "If-Modified-Since", p.Modified)
		}
	}
	resp, err := f.http.Do(r)
	if err != nil {
		return a, pace.OfResponse(nil, time.Now()), plainError(err)
	}
	defer resp.Body.Close()
	err = f.take(&a, resp, conditional)
	return a, pace.OfResponse(resp, time.Now()), err
}

// take reads an answer of the CMS.
func (f *fetcher) take(a *answer, resp *http.Response, conditional bool) error {
	a.header = resp.Header
	a.seen = state.Page{Step: state.Answered, Status: resp.StatusCode, Type: resp.Header.Get("Content-Type"), ETag: resp.Header.Get("ETag"), Modified: resp.Header.Get("Last-Modified"), Tags: tagsOf(resp.Header), Fresh: time.Now()}
	switch code := resp.StatusCode; {
	case code == http.StatusNotModified && conditional:
		a.same = true
		return nil
	case code == http.StatusOK:
		a.seen.Read = a.seen.Fresh
		return f.body(a, resp)
	case code >= 300 && code < 400:
		a.seen.Location = resp.Header.Get("Location")
		if a.seen.Location == "" {
			return fmt.Errorf("%w: the CMS answers %d and does not say where to", errBad, code)
		}
		return drain(resp)
	case code == http.StatusNotFound || code == http.StatusGone:
		if strings.HasPrefix(a.seen.Type, "text/html") {
			return f.body(a, resp) // it may be the site's page for 404
		}
		return drain(resp)
	case code >= 500 || code == http.StatusTooManyRequests || code == http.StatusRequestTimeout:
		return errors.Join(fmt.Errorf("the CMS answers %d", code), drain(resp))
	default:
		return errors.Join(fmt.Errorf("%w: the CMS answers %d to an anonymous visitor", errBad, code), drain(resp))
	}
}

func (f *fetcher) request(ctx context.Context, a address.Address) (*http.Request, error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, f.options.Origin.URL(a), nil)
	if err != nil {
		return nil, errors.New("it is no address that can be asked for")
	}
	r.Header.Set("User-Agent", f.options.UserAgent)
	r.Header.Set("Accept", "*/*")
	r.Header.Set("X-Pressrun-Bake", "1")
	set(r.Header, "Authorization", f.options.Authorization)
	return r, nil
}

func set(h http.Header, name, value string) {
	if value != "" {
		h.Set(name, value)
	}
}

// drain reads the rest of a small answer, so that its connection serves again.
func drain(resp *http.Response) error {
	_, err := io.Copy(io.Discard, io.LimitReader(resp.Body, 64<<10))
	return err
}

// body reads a body, bounded, and keeps it.
func (f *fetcher) body(a *answer, resp *http.Response) error {
	whole := io.Reader(resp.Body)
	if a.seen.Type == "" {
		head := make([]byte, 512)
		n, err := io.ReadFull(resp.Body, head)
		if err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
			return plainError(err)
		}
		a.seen.Type = http.DetectContentType(head[:n])
		whole = io.MultiReader(bytes.NewReader(head[:n]), resp.Body)
	}
	if !mayName(a.seen.Type, a.page.Address) {
		return f.file(a, &limited{in: whole, left: maxFile, what: "a file"})
	}
	text, err := readAll(&limited{in: whole, left: maxText, what: "a page or a text"})
	if err != nil {
		return plainError(err)
	}
	if resp.ContentLength >= 0 && !resp.Uncompressed && int64(len(text)) != resp.ContentLength {
		return errors.New("the answer was cut off")
	}
	a.text, a.seen.Size = text, int64(len(text))
	if a.seen.Sum, err = f.bodies.Add(text); err != nil {
		return &diskError{err}
	}
	return nil
}

// scratch are buffers into which texts are read, whose length is rarely known before.
var scratch = sync.Pool{New: func() any { return new(bytes.Buffer) }}

// mostScratch bounds the memory of a buffer in the pool, in bytes.
const mostScratch = 1 << 20

func readAll(in io.Reader) ([]byte, error) {
	b, _ := scratch.Get().(*bytes.Buffer)
	b.Reset()
	_, err := b.ReadFrom(in)
	text := bytes.Clone(b.Bytes())
	if b.Cap() <= mostScratch {
		scratch.Put(b)
	}
	return text, err
}

func (f *fetcher) file(a *answer, in *limited) (err error) {
	a.seen.Sum, a.seen.Size, err = f.bodies.Copy(in)
	switch {
	case err == nil:
		return nil
	case in.err != nil:
		return plainError(in.err)
	}
	return &diskError{err}
}

// limited fails where there is more than there may be, and remembers how reading failed.
type limited struct {
	in   io.Reader
	left int64
	what string
	err  error
}

func (l *limited) Read(p []byte) (int, error) {
	n, err := l.in.Read(p)
	if l.left -= int64(n); l.left < 0 {
		err = fmt.Errorf("%w: it is larger than %s may be, as it comes or unpacked", errBad, l.what)
	}
	if err != nil && !errors.Is(err, io.EOF) {
		l.err = err
	}
	return n, err
}

// plainError is an error without the address, which stands beside it anyhow.
func plainError(err error) error {
	if whole, ok := errors.AsType[*url.Error](err); ok {
		if whole.Timeout() {
			return errors.New("no answer in time")
		}
		return whole.Err
	}
	return err
}
