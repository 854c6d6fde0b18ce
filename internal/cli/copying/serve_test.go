package copying_test

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/pressrun/pressrun/internal/cli"
	"github.com/pressrun/pressrun/internal/cli/clitest"
	"github.com/pressrun/pressrun/internal/cli/exit"
	"github.com/pressrun/pressrun/internal/cli/terminal"
	"github.com/pressrun/pressrun/test/eventually"
	"github.com/pressrun/pressrun/test/simcms"
)

// spoken is what a command that runs on has printed.
type spoken struct {
	mu   sync.Mutex
	text bytes.Buffer
}

// Write takes what is printed.
func (s *spoken) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.text.Write(p)
}

// String is what was printed so far.
func (s *spoken) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.text.String()
}

// A build that asks the copy in place of the CMS gets the same.
func TestTheCopyIsServedUnderTheCMSsAddresses(t *testing.T) {
	_, file := described(t, simcms.Options{Records: 50, Page: 20})
	dir := filepath.Join(t.TempDir(), "content")
	if o := clitest.Run(t, clitest.Invocation{Args: []string{"export", file, dir}}); o.Code != 0 {
		t.Fatal(o.Err)
	}
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	var out, errs spoken
	ended := make(chan int, 1)
	go func() {
		ended <- cli.Run(ctx, []string{"content", "serve", dir, "--settings", file, "--listen", "127.0.0.1:0"}, &terminal.Terminal{Out: &out, Err: &errs, Now: time.Now, Local: time.UTC})
	}()
	address := ""
	eventually.Holds(t, "the server's address", func() bool {
		address = regexp.MustCompile(`http://127\.0\.0\.1:\d+`).FindString(out.String())
		return address != ""
	})
	read := func(path string) (string, []json.RawMessage) {
		t.Helper()
		resp, err := http.Get(address + path)
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		body, err := io.ReadAll(resp.Body)
		if err != nil {
			t.Fatal(err)
		}
		var records []json.RawMessage
		_ = json.Unmarshal(body, &records) // what goes through may be anything
		return resp.Header.Get("X-Pressrun-From"), records
	}
	if from, records := read("/posts?size=20&page=3"); from != "copy" || len(records) != 10 {
		t.Errorf("page 3 is from the %s and has %d records", from, len(records))
	}
	if from, records := read("/posts?ids=7"); from != "copy" || len(records) != 1 {
		t.Errorf("post 7 is from the %s, and there are %d", from, len(records))
	}
	if from, records := read("/posts?since=2020-01-01T00:00:00"); from != "cms" || len(records) != 20 {
		t.Errorf("what the copy does not know is from the %s and has %d records", from, len(records))
	}
	stop()
	if code := eventually.Receives(t, "the server's end", ended); code != 0 || !strings.Contains(errs.String(), "not from the copy: /posts?since=") || !strings.Contains(errs.String(), "answered 2 requests from the copy; the copy could not answer 1") {
		t.Errorf("it ended with %d:\n%s", code, errs.String())
	}
}

func TestWhatCantBeServedSaysWhy(t *testing.T) {
	empty := t.TempDir()
	for _, c := range []struct {
		args, want string
		code       int
	}{
		{args: empty, code: exit.NotFound, want: "pressrun export"},
		{args: empty + "|--listen|0.0.0.0:80", code: exit.Usage, want: "this machine alone"},
		{args: empty + "|--listen|8055", code: exit.Usage, want: "this machine alone"},
	} {
		o := clitest.Run(t, clitest.Invocation{Args: append([]string{"content", "serve"}, strings.Split(c.args, "|")...)})
		if o.Code != c.code || !strings.Contains(o.Err, c.want) {
			t.Errorf("%s: exit code %d, want %d and %q:\n%s", c.args, o.Code, c.code, c.want, o.Err)
		}
	}
}
