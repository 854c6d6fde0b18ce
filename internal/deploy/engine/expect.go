package engine

import (
	"errors"
	"fmt"
)

// Expect is a plan that somebody has looked at: Result.Parent and
// Result.PlanDigest of a dry run. An empty Digest takes any plan.
type Expect struct {
	Parent int64
	Digest string
}

// ErrPlanMoved tells that what a deploy would do is no longer what was looked
// at: another release has gone live since, or the build is another.
var ErrPlanMoved = errors.New("the plan no longer holds")

func (e *Expect) stillHolds(parent int64, digest string) error {
	switch {
	case e == nil:
		return nil
	case e.Parent != parent:
		return fmt.Errorf("%w: another release has gone live since it was made: make a new plan", ErrPlanMoved)
	case e.Digest != "" && e.Digest != digest:
		return fmt.Errorf("%w: the build or the header rules have changed since it was made: make a new plan", ErrPlanMoved)
	}
	return nil
}
