//go:build unix

package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"html"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"time"
)

// soon is how long a page waits for further events before it is fetched again: as
// live.js does.
const soon = 200 * time.Millisecond

// newTransport keeps the connections of all pages: one for a stream and one to fetch.
func newTransport(pages int) *http.Transport {
	t := http.DefaultTransport.(*http.Transport).Clone() //nolint:forcetypeassert // which it is
	t.MaxIdleConns, t.MaxIdleConnsPerHost, t.MaxConnsPerHost = 2*pages, 2*pages, 0
	return t
}

// person is somebody who signed in.
type person struct {
	client *http.Client
	url    string
	cookie *http.Cookie
}

// signIn signs somebody in by the form, as a browser does.
func signIn(ctx context.Context, transport *http.Transport, address, name, token string) (*person, error) {
	p := &person{url: address, client: &http.Client{
		Transport:     transport,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
	form := url.Values{"token": {token}, "next": {"/"}}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, address+"/signin", strings.NewReader(form.Encode()))
	if err != nil {
		return nil, fmt.Errorf("sign %s in: %w", name, err)
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	resp, err := p.client.Do(req)
	if err != nil {
		return nil, fmt.Errorf("sign %s in: %w", name, err)
	}
	_, err = io.Copy(io.Discard, resp.Body)
	err = errors.Join(err, resp.Body.Close())
	for _, cookie := range resp.Cookies() {
		if cookie.Name == "pressrun" {
			p.cookie = cookie
			return p, err
		}
	}
	return nil, errors.Join(fmt.Errorf("sign %s in: the answer is %s without a cookie", name, resp.Status), err)
}

func (p *person) get(ctx context.Context, path string) (*http.Response, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, p.url+path, http.NoBody)
	if err != nil {
		return nil, fmt.Errorf("fetch %s: %w", path, err)
	}
	req.AddCookie(p.cookie)
	resp, err := p.client.Do(req)
	if err == nil && resp.StatusCode != http.StatusOK {
		err = errors.Join(fmt.Errorf("fetch %s: %s", path, resp.Status), resp.Body.Close())
	}
	return resp, err
}

// watcher is an open page.
type watcher struct {
	person *person

	mu    sync.Mutex
	told  []int64             // what the stream told and the page does not show yet
	shown map[int64]time.Time // when the page showed each event
	wrong []string
}

// site is the page as it was fetched: the last event that is in it, the stream that
// tells when it is out of date, and the kinds of events that do.
type site struct {
	after         int64
	events, kinds string
}

// beginning is how much of a page tells what it shows: its head and where its content
// begins.
const beginning = 4 << 10

// fetch loads the page. Its pages share the machine with the server: no more is looked
// at than what is needed.
func (w *watcher) fetch(ctx context.Context) (site, error) {
	resp, err := w.person.get(ctx, "/sites/www")
	if err != nil {
		return site{}, err
	}
	page, rest := buffers.Get().(*[beginning]byte), int64(0) //nolint:forcetypeassert // it has no others
	defer buffers.Put(page)
	n, err := io.ReadFull(resp.Body, page[:])
	if err == nil {
		rest, err = io.Copy(io.Discard, resp.Body)
	}
	if err = errors.Join(err, resp.Body.Close()); err != nil {
		return site{}, fmt.Errorf("read the page: %w", err)
	}
	if int64(n)+rest != resp.ContentLength || !bytes.Contains(page[:n], []byte(`id="live-now"`)) {
		return site{}, errors.New("the page is not whole, or does not say what is live")
	}
	s := site{events: attribute(page[:n], "data-events"), kinds: attribute(page[:n], "data-kinds")}
	s.after, err = strconv.ParseInt(attribute(page[:n], "data-after"), 10, 64)
	return s, err
}

var buffers = sync.Pool{New: func() any { return new([beginning]byte) }}

// attribute is the value of the first attribute of a name, "" for none.
func attribute(page []byte, name string) string {
	_, rest, _ := bytes.Cut(page, []byte(name+`="`))
	value, _, _ := bytes.Cut(rest, []byte(`"`))
	return html.UnescapeString(string(value))
}

// follow opens the page's stream of events.
func (w *watcher) follow(ctx context.Context, s site) (io.ReadCloser, error) {
	resp, err := w.person.get(ctx, s.events+"&after="+strconv.FormatInt(s.after, 10))
	if err != nil {
		return nil, err
	}
	return resp.Body, nil
}

// watch follows the stream until the context ends: what it tells has the page fetched
// again, a moment later and once for all that came meanwhile.
func (w *watcher) watch(ctx context.Context, stream io.ReadCloser) {
	var fetches sync.WaitGroup
	again := make(chan struct{}, 1)
	fetches.Go(func() { w.refresh(ctx, again) })
	lines := bufio.NewScanner(stream)
	for lines.Scan() {
		text, ok := strings.CutPrefix(lines.Text(), "id: ")
		if !ok {
			continue
		}
		id, err := strconv.ParseInt(text, 10, 64)
		if err != nil {
			w.note(fmt.Sprintf("an event has the id %q", text))
			continue
		}
		w.mu.Lock()
		w.told = append(w.told, id)
		w.mu.Unlock()
		select {
		case again <- struct{}{}:
		default:
		}
	}
	if ctx.Err() == nil {
		w.note(fmt.Sprintf("the stream ended (%v)", lines.Err()))
	}
	close(again)
	fetches.Wait()
	_ = stream.Close() // it has ended
}

// refresh fetches the page whenever something happened.
func (w *watcher) refresh(ctx context.Context, again <-chan struct{}) {
	for range again {
		select {
		case <-ctx.Done():
			return
		case <-time.After(soon):
		}
		select { // all that came meanwhile is in what is fetched now
		case <-again:
		default:
		}
		s, err := w.fetch(ctx)
		if ctx.Err() != nil {
			return
		}
		if err != nil {
			w.note(err.Error())
			continue
		}
		w.show(s.after)
	}
}

// show notes what the page shows now.
func (w *watcher) show(upto int64) {
	now := time.Now()
	w.mu.Lock()
	defer w.mu.Unlock()
	rest := w.told[:0]
	for _, id := range w.told {
		if id > upto {
			rest = append(rest, id)
			continue
		}
		w.shown[id] = now
	}
	w.told = rest
}

// when is the instant at which the page showed an event.
func (w *watcher) when(id int64) (time.Time, bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	at, ok := w.shown[id]
	return at, ok
}

func (w *watcher) note(what string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.wrong = append(w.wrong, what)
}

func (w *watcher) troubles() []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.wrong
}
