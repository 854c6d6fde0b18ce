// Package sleep waits for a time that a context may cut short; knows nothing.
package sleep

import (
	"context"
	"time"
)

// For waits for a span, or gives the cause of ctx's end.
func For(ctx context.Context, span time.Duration) error {
	timer := time.NewTimer(span)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}
