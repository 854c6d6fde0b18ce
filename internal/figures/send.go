package figures

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/pressrun/pressrun/internal/outbound"
	"github.com/pressrun/pressrun/internal/sleep"
	"github.com/pressrun/pressrun/internal/text"
)

// Targets are the systems that get a run's figures.
type Targets struct {
	addresses []string
	target    target
}

// Open makes Targets of a list of addresses that has passed Check. Getenv reads the
// secrets; transport is used for all calls, nil for the network.
func Open(list string, getenv func(string) string, transport http.RoundTripper) (Targets, error) {
	t := Targets{addresses: addresses(list), target: target{getenv: getenv, transport: transport}}
	return t, Check(list)
}

// Send sends to all systems at once, within limit, and returns an error text for each that failed.
func (t Targets) Send(ctx context.Context, s Set, limit time.Duration) []string {
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	troubles := make([]string, len(t.addresses))
	var all sync.WaitGroup
	for i, address := range t.addresses {
		all.Go(func() {
			k, rest, err := find(address)
			if err == nil {
				err = t.sendTo(ctx, k, rest, s)
			}
			if errors.Is(err, context.DeadlineExceeded) {
				err = fmt.Errorf("it did not take them within %s", limit)
			}
			if err != nil {
				troubles[i] = k.name + ": " + text.Shorten(text.OneLine(err.Error()), 300)
			}
		})
	}
	all.Wait()
	var said []string
	for _, trouble := range troubles {
		if trouble != "" {
			said = append(said, trouble)
		}
	}
	return said
}

func (t Targets) sendTo(ctx context.Context, k kind, rest string, s Set) error {
	one := t.target
	one.rest = rest
	to, err := k.open(ctx, one)
	if err != nil {
		return err
	}
	return to.send(ctx, s)
}

const (
	tries      = 3
	firstPause = time.Second
	// mostAnswer is how many bytes of an answer are read: enough for its error message.
	mostAnswer = 4 << 10
)

// refusedError is an answer that is no 2xx.
type refusedError struct {
	status int
	words  string
}

func (e *refusedError) Error() string {
	if e.words == "" {
		return fmt.Sprintf("it answered with %d", e.status)
	}
	return fmt.Sprintf("it answered with %d: %s", e.status, e.words)
}

// post posts a body, and retries transient errors.
func post(ctx context.Context, client *outbound.Client, address string, header map[string]string, body []byte) ([]byte, error) {
	for try := 1; ; try++ {
		answer, err := postOnce(ctx, client, address, header, body)
		if err == nil || try == tries || !passes(err) {
			return answer.Body, err
		}
		pause := max(firstPause<<(try-1), retryAfter(answer))
		if sleep.For(ctx, pause) != nil {
			return nil, err // it says more than that the time is over
		}
	}
}

func postOnce(ctx context.Context, client *outbound.Client, address string, header map[string]string, body []byte) (outbound.Answer, error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, address, bytes.NewReader(body))
	if err != nil {
		return outbound.Answer{}, errors.New("its address is no web address")
	}
	r.Header.Set("User-Agent", "Pressrun")
	for name, value := range header {
		r.Header.Set(name, value)
	}
	answer, err := client.Do(r, mostAnswer)
	if err == nil && !answer.OK() {
		err = &refusedError{answer.Status, strings.TrimSpace(text.Shorten(text.OneLine(strings.ToValidUTF8(string(answer.Body), "")), 200))}
	}
	return answer, err
}

// passes says whether an error may be transient.
func passes(err error) bool {
	refused, ok := errors.AsType[*refusedError](err)
	return !ok || refused.status == http.StatusTooManyRequests || refused.status >= http.StatusInternalServerError
}

// retryAfter is how long a system asks to wait, at most a minute.
func retryAfter(a outbound.Answer) time.Duration {
	seconds, err := strconv.Atoi(a.Header.Get("Retry-After"))
	if err != nil {
		return 0
	}
	return min(time.Duration(max(seconds, 0))*time.Second, time.Minute)
}

// doer lets a library make its calls through an outbound client.
type doer struct{ client *outbound.Client }

// Do makes a call, and cuts the answer's body off at mostAnswer.
func (d doer) Do(r *http.Request) (*http.Response, error) {
	a, err := d.client.Do(r, mostAnswer)
	if err != nil {
		return nil, err
	}
	return &http.Response{StatusCode: a.Status, Header: a.Header, Body: io.NopCloser(bytes.NewReader(a.Body)), Request: r}, nil
}
