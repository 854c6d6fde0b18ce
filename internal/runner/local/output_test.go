//go:build linux

package local

import (
	"fmt"
	"io"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// Whatever is written in whatever portions: the log begins as the output
// begins, ends as it ends, says how much is missing, and keeps its bound.
func TestLogKeepsBothEndsOfAnyOutput(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		f := folder{path: tempDir(t)}
		limit := rapid.Int64Range(1<<10, 4<<10).Draw(t, "limit")
		out, err := newOutput(f, limit)
		if err != nil {
			t.Fatal(err)
		}
		var all strings.Builder
		for i := range rapid.IntRange(0, 40).Draw(t, "writes") {
			line := strings.Repeat(string(rune('a'+i%26)), rapid.IntRange(0, 700).Draw(t, "length"))
			if rapid.Bool().Draw(t, "newline") {
				line += "\n"
			}
			all.WriteString(line)
			if n, err := out.Write([]byte(line)); err != nil || n != len(line) {
				t.Fatalf("wrote %d of %d: %v", n, len(line), err)
			}
		}
		log, err := openOutput(f)
		if err != nil {
			t.Fatal(err)
		}
		text, err := io.ReadAll(log)
		if err != nil {
			t.Fatal(err)
		}
		_ = log.Close()
		_ = out.Close()
		checkLog(t, all.String(), string(text), limit)
	})
}

func checkLog(t *rapid.T, all, log string, limit int64) {
	first, rest, cut := strings.Cut(log, "\n[pressrun: ")
	if !cut {
		if log != all {
			t.Fatalf("nothing is said to be missing, but %d of %d bytes are there", len(log), len(all))
		}
		return
	}
	count, last, _ := strings.Cut(rest, " bytes of output are left out here]\n")
	if !strings.HasPrefix(all, first) || !strings.HasSuffix(all, last) {
		t.Fatal("the log is not the output's beginning and end")
	}
	if missing := len(all) - len(first) - len(last); count != fmt.Sprint(missing) {
		t.Fatalf("%s bytes are said to be missing, %d are", count, missing)
	}
	if int64(len(first)+len(last)) > limit {
		t.Fatalf("%d bytes are kept of at most %d", len(first)+len(last), limit)
	}
}
