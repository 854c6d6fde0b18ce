package crawl

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"time"

	"github.com/pressrun/pressrun/internal/bake/address"
	"github.com/pressrun/pressrun/internal/pace"
	"github.com/pressrun/pressrun/internal/sleep"
)

// maxList bounds an answer of an API, in bytes.
const maxList = 16 << 20

// askAPI asks for an address of a CMS's API, several times if need be.
func (f *fetcher) askAPI(ctx context.Context, at address.Address) (text []byte, header http.Header, err error) {
	for try := range f.options.Tries {
		if try > 0 {
			if sleep.For(ctx, f.options.Backoff<<(try-1)) != nil {
				return nil, nil, ctx.Err()
			}
		}
		again := false
		stop := f.turn(ctx, func() pace.Answer {
			var load pace.Answer
			text, header, load, err = f.askAPIOnce(ctx, at)
			again = load.Verdict != pace.Good
			return load
		})
		if stop != nil {
			return nil, nil, stop
		}
		if err == nil || !again {
			return text, header, err
		}
	}
	return nil, nil, err
}

func (f *fetcher) askAPIOnce(ctx context.Context, a address.Address) ([]byte, http.Header, pace.Answer, error) {
	r, err := f.request(ctx, a)
	if err != nil {
		return nil, nil, pace.Answer{}, err
	}
	resp, err := f.http.Do(r)
	if err != nil {
		return nil, nil, pace.OfResponse(nil, time.Now()), plainError(err)
	}
	defer resp.Body.Close()
	load := pace.OfResponse(resp, time.Now())
	if resp.StatusCode != http.StatusOK {
		return nil, nil, load, fmt.Errorf("it answers %d", resp.StatusCode)
	}
	text, err := io.ReadAll(&limited{in: resp.Body, left: maxList, what: "a list"})
	return text, resp.Header, load, err
}

// sender sends listings to a channel until ctx ends, and says whether it did.
func sender(ctx context.Context, out chan<- listing) func(listing) bool {
	return func(l listing) bool {
		select {
		case out <- l:
			return true
		case <-ctx.Done():
			return false
		}
	}
}

// home is the beginning of the home page, if an answer is that.
func (f *fetcher) home(a answer) ([]byte, bool) {
	if a.page == nil || a.page.Address != "/" || !a.page.OK() {
		return nil, false
	}
	text := a.text
	if a.same {
		text, _ = f.bodies.Read(a.page.Sum) // without a text no API is found
	}
	return text[:min(len(text), 256<<10)], true
}
