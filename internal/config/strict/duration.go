package strict

import (
	"fmt"
	"time"
)

// Duration is a time span written as in Go: 90s, 15m, 1h30m.
type Duration time.Duration

// Std is the span as a time.Duration. A nil Duration is 0.
func (d *Duration) Std() time.Duration {
	if d == nil {
		return 0
	}
	return time.Duration(*d)
}

// String writes the span as it is written in the file: 1h30m0s.
func (d Duration) String() string { return time.Duration(d).String() }

// MarshalText writes the span as it is written in the file.
func (d Duration) MarshalText() ([]byte, error) { return []byte(d.String()), nil }

// UnmarshalText reads a span such as 90s, 15m or 1h30m.
func (d *Duration) UnmarshalText(text []byte) error {
	span, err := time.ParseDuration(string(text))
	if err != nil {
		return fmt.Errorf("%q is not a span of time; expected %s", text, spanShape)
	}
	*d = Duration(span)
	return nil
}

// spanShape describes the form of a span of time.
const spanShape = "a number with its unit, such as 90s, 15m or 1h30m"
