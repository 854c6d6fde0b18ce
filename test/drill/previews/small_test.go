//go:build unix

package main

import (
	"os"
	"testing"
)

func TestMain(m *testing.M) {
	if text := os.Getenv(childVariable); text != "" {
		os.Exit(child(text))
	}
	os.Exit(m.Run())
}

func TestPreviewsLeaveNothingAndTouchNothing(t *testing.T) {
	f, err := drill(40, 5)
	if err != nil {
		t.Fatal(err)
	}
	if f.leftovers+f.touched+f.leaked+f.strange+f.failed > 0 || f.created == 0 {
		t.Errorf("got %+v", f)
	}
}
