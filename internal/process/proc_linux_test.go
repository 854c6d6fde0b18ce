package process

import (
	"os"
	"os/exec"
	"syscall"
	"testing"
)

func TestParseStatReadsNamesWithBrackets(t *testing.T) {
	line := "42 (a) b (c)) S 7 42 41 0 -1 4194560 1 2 3 4 5 6 7 8 20 0 1 0 987654 10 20"
	got, err := parseStat(line)
	if err != nil || got != (stat{state: 'S', parent: 7, session: 41, start: 987654}) {
		t.Errorf("got %+v, %v", got, err)
	}
}

func FuzzParseStat(f *testing.F) {
	f.Add("42 (sh) S 7 42 41 0 -1 4194560 1 2 3 4 5 6 7 8 20 0 1 0 987654 10 20")
	f.Add(") ")
	f.Fuzz(func(t *testing.T, text string) {
		if s, err := parseStat(text); err == nil && s.state == 0 {
			t.Error("no error and no state")
		}
	})
}

func TestIdentityOutlivesTheNumber(t *testing.T) {
	self, err := Self()
	if err != nil || !self.Alive() || self.PID != os.Getpid() {
		t.Fatalf("this process is %+v, alive %v (%v)", self, self.Alive(), err)
	}
	other := self
	other.Start++
	if other.Alive() {
		t.Error("another process with the same number is taken for this one")
	}
	if err := other.Signal(syscall.SIGKILL); err == nil {
		t.Fatal("the other process was signalled")
	}
}

func TestAnEndedChildThatWasNotWaitedForIsNotAlive(t *testing.T) {
	cmd := exec.CommandContext(t.Context(), "/bin/sh", "-c", "read x")
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	id, err := identify(cmd.Process.Pid)
	if err != nil || !id.Alive() {
		t.Fatalf("the child is %+v (%v)", id, err)
	}
	_ = in.Close()
	for id.Alive() {
	}
	if err := cmd.Wait(); err == nil {
		t.Error("read from a closed pipe went well")
	}
}
