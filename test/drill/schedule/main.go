// Command schedule lets random schedules run through crashes, lost answers of the
// ledger and a clock that jumps, in a time of its own, and compares each slot that
// was asked for with those that the calendar names.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
)

func main() {
	d := drill{}
	flag.IntVar(&d.schedules, "schedules", 10_000, "how many schedules")
	flag.Uint64Var(&d.seed, "seed", 1, "which random schedules")
	flag.Parse()
	if err := run(context.Background(), d); err != nil {
		fmt.Fprintln(os.Stderr, "schedule:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, d drill) (err error) {
	folder, err := os.MkdirTemp("", "drill-schedule-")
	if err != nil {
		return fmt.Errorf("make a folder for the ledger: %w", err)
	}
	defer func() { err = errors.Join(err, os.RemoveAll(folder)) }()
	found, err := d.run(ctx, folder)
	if err != nil {
		return err
	}
	for _, line := range found.wrong {
		fmt.Fprintln(os.Stderr, line)
	}
	fmt.Println(found)
	if found.missing+found.extra > 0 {
		return errors.New("slots were lost, or asked for that were none")
	}
	return nil
}
