package content

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/base32"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"time"

	"github.com/pressrun/pressrun/app/timetable"
	"github.com/pressrun/pressrun/internal/config"
	"github.com/pressrun/pressrun/internal/ledger"
	"github.com/pressrun/pressrun/internal/notify"
	"github.com/pressrun/pressrun/internal/outbound"
)

// Options are what New needs.
type Options struct {
	Config *config.Config
	Log    *slog.Logger
	// Transport carries all calls; nil for the network.
	Transport http.RoundTripper
}

// Publisher has CMSs publish due content before slots of schedules.
type Publisher struct {
	log   *slog.Logger
	calls map[scheduleOf]call
}

var _ timetable.Publisher = (*Publisher)(nil)

type scheduleOf struct{ site, schedule string }

// call is the address at which a CMS is called, with the secrets that sign the call.
type call struct {
	address string
	secrets []string
	client  *outbound.Client
}

// NewPublisher reads the secrets of all calls before slots.
func NewPublisher(o Options) (*Publisher, error) {
	p := &Publisher{log: o.Log, calls: map[scheduleOf]call{}}
	for name, site := range o.Config.Sites {
		for _, schedule := range site.Schedules {
			before, ok := site.BeforeOf(schedule)
			if !ok {
				continue
			}
			one, err := newCall(before, o.Transport)
			if err != nil {
				return nil, fmt.Errorf("prepare the call before schedule %s of site %s: %w", schedule.Name, name, err)
			}
			p.calls[scheduleOf{name, schedule.Name}] = one
		}
	}
	return p, nil
}

func newCall(before config.Before, transport http.RoundTripper) (call, error) {
	client, err := outbound.To(before.URL, transport)
	if err != nil {
		return call{}, err
	}
	lines, err := config.SecretLines(before.SecretFile)
	if err != nil {
		return call{}, fmt.Errorf("read its secret: %w", err)
	}
	for i, line := range lines {
		if lines[i], err = notify.ReadSecret(line); err != nil {
			return call{}, fmt.Errorf("line %d of %s %w", i+1, before.SecretFile, err)
		}
	}
	return call{before.URL, lines, client}, nil
}

// Calls says whether slots of a schedule have a call before them.
func (p *Publisher) Calls(site, schedule string) bool {
	_, ok := p.calls[scheduleOf{site, schedule}]
	return ok
}

const (
	// mostAnswer bounds a CMS's answer, in bytes.
	mostAnswer = 64 << 10
	// mostPublished is more than any CMS publishes at once: a larger number is a mistake.
	mostPublished = 1_000_000_000
)

// waits are the waits before further tries of a call. All tries take less than a minute and
// a half.
var waits = []time.Duration{2 * time.Second, 5 * time.Second, 15 * time.Second}

// Publish makes the call before a slot, and tries again a few times.
func (p *Publisher) Publish(ctx context.Context, slot timetable.Slot) (int64, error) {
	one, log := p.calls[scheduleOf{slot.Site, slot.Schedule}], p.log.With("site", slot.Site, "schedule", slot.Schedule)
	for tries := 0; ; tries++ {
		published, err := one.publish(ctx, slot)
		if err == nil || ctx.Err() != nil {
			return published, err
		}
		log.Warn("the CMS was asked to publish due content, and did not answer as expected", "tries", tries+1, "error", err)
		if tries == len(waits) {
			return 0, err
		}
		select {
		case <-time.After(waits[tries]):
		case <-ctx.Done():
			return 0, ctx.Err()
		}
	}
}

// order is the body of a call.
type order struct {
	Site     string    `json:"site"`
	Schedule string    `json:"schedule"`
	Slot     time.Time `json:"slot"`
}

func (c call) publish(ctx context.Context, slot timetable.Slot) (int64, error) {
	body, err := json.Marshal(order{slot.Site, slot.Schedule, slot.At.UTC()})
	if err != nil {
		return 0, err
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, c.address, bytes.NewReader(body))
	if err != nil {
		return 0, errors.New("its address is no web address")
	}
	for key, value := range notify.Signed(slotID(slot), "application/json", body, c.secrets, ledger.Now()) {
		request.Header.Set(key, value)
	}
	request.Header.Set("Accept", "application/json")
	answer, err := c.client.Do(request, mostAnswer)
	if err != nil {
		return 0, err
	}
	return readPublished(answer)
}

// slotID is the same for the same slot, however often the CMS is called for it.
func slotID(slot timetable.Slot) string {
	sum := sha256.Sum256(fmt.Appendf(nil, "%s\x00%s\x00%d", slot.Site, slot.Schedule, slot.At.Unix()))
	return "slot_" + strings.ToLower(base32.HexEncoding.WithPadding(base32.NoPadding).EncodeToString(sum[:20]))
}

// readPublished is the number of published pages in a CMS's answer; 204 stands for none.
func readPublished(a outbound.Answer) (int64, error) {
	switch {
	case a.Status == http.StatusNoContent:
		return 0, nil
	case !a.OK():
		return 0, fmt.Errorf("it answered %d", a.Status)
	case !a.Whole:
		return 0, fmt.Errorf("it answered more than %d kB", mostAnswer>>10)
	}
	var said struct {
		Published *int64 `json:"published"`
	}
	if err := json.Unmarshal(a.Body, &said); err != nil || said.Published == nil || *said.Published < 0 || *said.Published > mostPublished {
		return 0, errors.New(`its answer does not say how much it published; expected 204, or JSON such as {"published": 3}`)
	}
	return *said.Published, nil
}
