package main

import "testing"

func TestEachSlotOfRandomSchedulesIsAskedForOnce(t *testing.T) {
	found, err := drill{schedules: 400, seed: 7}.run(t.Context(), t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	t.Log(found)
	for _, line := range found.wrong {
		t.Error(line)
	}
	if found.slots < 400 || found.crashes == 0 || found.jumps == 0 || found.lost == 0 || found.skipped == 0 || found.answersLost == 0 {
		t.Errorf("too little happened: %s", found)
	}
}
