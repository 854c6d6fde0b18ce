//go:build linux

package main

import (
	"strings"
	"testing"
	"time"
)

// A small bench measures everything, and judges nothing: a busy machine is slow.
func TestEachPartMeasures(t *testing.T) {
	o := options{
		sites: 12, installations: 4, rest: 100 * time.Millisecond, beside: 2 * time.Second, minute: 600, others: 4, intake: 100 * time.Millisecond,
		rounds: 1, askers: 8, clients: 4, releases: 5, pages: time.Second, once: true,
	}
	for name, want := range map[string]string{
		"resting": "start_seconds idle_core_percent resident_mb", "schedules": "scheduled=12 scheduled_dispatched=12",
		"fairness": "others_not_dispatched=0 others_dispatch_p99_ms", "engines": "postgres_to_sqlite two_replicas_to_one",
		"pages": "list_p99_ms site_p99_ms history_p99_ms release_p99_ms",
	} {
		t.Run(name, func(t *testing.T) {
			for _, one := range parts {
				if one.name != name {
					continue
				}
				said := " " + line(one.measure(t, o))
				for figure := range strings.FieldsSeq(want) {
					if !strings.Contains(said, " "+figure) {
						t.Errorf("there is no %s in%s", figure, said)
					}
				}
			}
		})
	}
}

// A bench that can't fail holds nothing.
func TestABrokenPromiseFailsTheBench(t *testing.T) {
	kept := []figure{{name: "a", value: 4.9, digits: 1, below: 5}, {name: "b", value: 0.5, digits: 1, least: 0.5}, {name: "c", none: true}, {name: "d", value: 9}}
	if err := missed(kept); err != nil {
		t.Errorf("nothing is missed, and it says: %v", err)
	}
	if got := line(kept); got != "a=4.9 b=0.5 c=0 d=9" {
		t.Errorf("the line is %q", got)
	}
	for want, one := range map[string]figure{
		"a=5.0 is to be below 5": {name: "a", value: 5, digits: 1, below: 5}, "b=0.4 is to be at least 0.5": {name: "b", value: 0.4, digits: 1, least: 0.5},
		"c=1 is to be 0": {name: "c", value: 1, none: true},
	} {
		if err := missed([]figure{one}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("expected %q, and it says: %v", want, err)
		}
	}
}
