//go:build linux

package main

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// figure is something that was measured, and what it is to be.
type figure struct {
	name   string
	value  float64
	digits int // after the point
	// below and least bound it; 0 for no bound. none says that there may be none.
	below, least float64
	none         bool
}

// line are figures as key=value pairs.
func line(all []figure) string {
	var parts []string
	for _, f := range all {
		parts = append(parts, f.name+"="+strconv.FormatFloat(f.value, 'f', f.digits, 64))
	}
	return strings.Join(parts, " ")
}

// missed says which figures are not what they are to be.
func missed(all []figure) error {
	var errs []error
	for _, f := range all {
		said := line([]figure{f})
		switch {
		case f.none && f.value != 0:
			errs = append(errs, fmt.Errorf("a promise is broken: %s is to be 0", said))
		case f.below > 0 && f.value >= f.below:
			errs = append(errs, fmt.Errorf("a promise is broken: %s is to be below %g", said, f.below))
		case f.least > 0 && f.value < f.least:
			errs = append(errs, fmt.Errorf("a promise is broken: %s is to be at least %g", said, f.least))
		}
	}
	return errors.Join(errs...)
}
