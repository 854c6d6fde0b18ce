package action

import (
	"context"
	"slices"
	"strings"
)

// Step is a part of a run.
type Step interface {
	// Name is what the step is called on the command line.
	Name() string
	// Do carries the step out. What it tells a person goes through the job.
	Do(ctx context.Context, j *job) (Result, error)
}

// Result is how a step ended when it did not fail. Its zero value is plain
// success.
type Result struct {
	// Skipped says why there was nothing to do.
	Skipped string
	// Note sums up what was done.
	Note string
	// Idle ends the run here, green: it has nothing to do at all.
	Idle Outcome
}

func skipped(why string) (Result, error) { return Result{Skipped: why}, nil }

func done(note string) (Result, error) { return Result{Note: note}, nil }

// steps are all steps in the order of a run.
var steps = []Step{
	claim{},
	waitReady{},
	starting{},
	install{},
	inProgress{},
	build{},
	check{},
	deploySite{},
	verify{},
	complete{},
	metrics{},
	ready{},
}

// Steps gives the names of the steps, in the order of a run.
func Steps() []string {
	names := make([]string, 0, len(steps))
	for _, s := range steps {
		names = append(names, s.Name())
	}
	return names
}

// pick gives the steps that a name stands for. In names "-" is as good as "_".
func pick(name string) ([]Step, error) {
	plain := strings.ReplaceAll(name, "-", "_")
	switch plain {
	case "all":
		return steps, nil
	case post{}.Name():
		return []Step{post{}}, nil
	}
	i := slices.IndexFunc(steps, func(s Step) bool { return s.Name() == plain })
	if i < 0 {
		return nil, usage("there is no step %q: it is all, %s or post", name, strings.Join(Steps(), ", "))
	}
	return steps[i : i+1], nil
}
