package cdn

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"

	"github.com/pressrun/pressrun/internal/text"
)

// refusedError says that a CDN refuses a purge for its content: a retry would not help.
type refusedError struct{ Err error }

func (e *refusedError) Error() string { return e.Err.Error() }

func (e *refusedError) Unwrap() error { return e.Err }

// isRefusal says whether an error is about the content of a call.
func isRefusal(err error) bool {
	if _, ok := errors.AsType[*refusedError](err); ok {
		return true
	}
	status, ok := errors.AsType[*statusError](err)
	if !ok {
		return false
	}
	switch status.status {
	case http.StatusBadRequest, http.StatusRequestEntityTooLarge, http.StatusRequestURITooLong, http.StatusUnprocessableEntity:
		return true
	}
	return false
}

// maxRefused is the most refused items that are replaced one by one: with more, everything
// is purged.
const maxRefused = 8

// delivery sends a set batch by batch.
type delivery struct {
	receipt Receipt
	limits  callLimits
	// send makes one call, and returns the CDN's id of a purge that goes on after the
	// answer, or "".
	send func(context.Context, []item) (string, error)
	sent map[item]bool // sent in place of refused items
}

// deliver sends a set. Items that the CDN has not taken stay in the receipt's Left.
func deliver(ctx context.Context, name string, set Set, r callLimits, send func(context.Context, []item) (string, error)) (Receipt, error) {
	d := delivery{receipt: Receipt{CDN: name, Set: set}, limits: r, send: send, sent: map[item]bool{}}
	items := set.items()
	done := 0
	for _, batch := range r.batches(items) {
		if err := d.batch(ctx, batch); err != nil {
			d.receipt.Left = set.with(items[done:])
			return d.receipt, pending(d.receipt, err)
		}
		done += len(batch)
	}
	return d.receipt, nil
}

// batch sends one batch. If the CDN refuses it, batch finds the items at fault, so that
// the others are purged exactly; for each of the refused ones it purges the folder around
// it, or everything.
func (d *delivery) batch(ctx context.Context, items []item) error {
	if d.sent[item{kind: kindAll}] {
		return nil // everything includes these items
	}
	id, err := d.send(ctx, items)
	switch {
	case err == nil:
		if id != "" {
			d.receipt.Open = append(d.receipt.Open, id)
		}
		return nil
	case !isRefusal(err):
		return err
	case items[0].kind == kindAll:
		return &refusedError{Err: err}
	case len(items) == 1 || len(d.receipt.Refused) >= maxRefused:
		return d.instead(ctx, items[0])
	}
	half := len(items) / 2
	if err := d.batch(ctx, items[:half]); err != nil {
		return err
	}
	return d.batch(ctx, items[half:])
}

// instead purges the folder around a refused item, or everything.
func (d *delivery) instead(ctx context.Context, refused item) error {
	d.receipt.Refused = append(d.receipt.Refused, refused.value)
	wider := d.wider(refused)
	if d.sent[wider] {
		return nil
	}
	if err := d.batch(ctx, []item{wider}); err != nil {
		return fmt.Errorf("%s is refused: %w", text.OneLine(refused.value), err)
	}
	d.sent[wider] = true
	return nil
}

func (d *delivery) wider(refused item) item {
	i := strings.LastIndexByte(strings.TrimSuffix(refused.value, "/"), '/')
	if refused.kind != kindPath || !d.limits.folders || i < 1 || len(d.receipt.Refused) > maxRefused {
		return item{kind: kindAll}
	}
	return item{kindPrefix, refused.value[:i+1]}
}
