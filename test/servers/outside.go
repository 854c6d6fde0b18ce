package servers

import (
	"context"
	"errors"
	"fmt"
	"os"
	"runtime"
	"slices"
	"sync"
	"testing"
)

// Outside calls a function with what starts servers for tests, for a program that is no
// test, such as a benchmark. What the function leaves to be cleaned up is cleaned up when it
// has returned. The error is all that it said was wrong, or that it was skipped.
func Outside(ctx context.Context, use func(t testing.TB)) error {
	o := &outside{ctx: ctx}
	o.run(func() { use(o) })
	for len(o.after) > 0 {
		last := o.after[len(o.after)-1]
		o.after = o.after[:len(o.after)-1]
		o.run(last)
	}
	return errors.Join(o.errs...)
}

// outside is the part of testing.TB that needs no test. What is not here is not called by
// what programs use of this package and its neighbours.
type outside struct {
	testing.TB // of which only the methods below are there

	ctx   context.Context //nolint:containedctx // Context gives it
	mu    sync.Mutex
	errs  []error
	after []func()
}

// run lets a function end its goroutine, as FailNow does.
func (o *outside) run(f func()) {
	over := make(chan struct{})
	go func() {
		defer close(over)
		f()
	}()
	<-over
}

func (o *outside) fail(err error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.errs = append(o.errs, err)
}

func (o *outside) Helper()                  {}
func (o *outside) Name() string             { return "outside of tests" }
func (o *outside) Context() context.Context { return o.ctx }
func (o *outside) Log(args ...any)          { fmt.Fprintln(os.Stderr, args...) }

func (o *outside) Logf(format string, args ...any) {
	fmt.Fprintf(os.Stderr, format+"\n", args...)
}

func (o *outside) Error(args ...any)                 { o.fail(errors.New(fmt.Sprint(args...))) }
func (o *outside) Errorf(format string, args ...any) { o.fail(fmt.Errorf(format, args...)) }

func (o *outside) Fatal(args ...any) {
	o.Error(args...)
	o.FailNow()
}

func (o *outside) Fatalf(format string, args ...any) {
	o.Errorf(format, args...)
	o.FailNow()
}

func (o *outside) Skipf(format string, args ...any) { o.Fatalf(format, args...) }
func (o *outside) FailNow()                         { runtime.Goexit() }

func (o *outside) Failed() bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	return len(o.errs) > 0
}

func (o *outside) Cleanup(f func()) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.after = append(slices.Clip(o.after), f)
}

func (o *outside) TempDir() string {
	dir, err := os.MkdirTemp("", "pressrun-bench-")
	if err != nil {
		o.Fatalf("make a folder: %v", err)
	}
	o.Cleanup(func() {
		if err := os.RemoveAll(dir); err != nil {
			o.Error(err)
		}
	})
	return dir
}
