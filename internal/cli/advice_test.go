package cli

import (
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/pressrun/pressrun/internal/cli/exit"
	"github.com/pressrun/pressrun/internal/cli/terminal"
	"github.com/pressrun/pressrun/internal/content/fetch"
	"github.com/pressrun/pressrun/test/servers"
)

// tried runs a command against an address, and gives what it told.
func tried(t *testing.T, address string) (string, int) {
	t.Helper()
	var out, errs strings.Builder
	code := Run(t.Context(), []string{"status", "--app", address}, &terminal.Terminal{Out: &out, Err: &errs, Now: time.Now, Local: time.UTC})
	return errs.String(), code
}

func TestAnAppThatCanNotBeReachedIsSaidInPlainWords(t *testing.T) {
	secure := httptest.NewTLSServer(http.NotFoundHandler())
	t.Cleanup(secure.Close)
	plain := httptest.NewServer(http.NotFoundHandler())
	t.Cleanup(plain.Close)
	for name, c := range map[string]struct{ address, what, do string }{
		"nothing listens":     {"http://" + servers.FreeAddress(t), "nothing listens there", "Is it running"},
		"no such name":        {"http://app.invalid", "there is no machine of the name app.invalid", "typed right"},
		"a certificate":       {secure.URL, "its certificate is not to be trusted", "SSL_CERT_FILE"},
		"https instead of it": {strings.Replace(plain.URL, "http:", "https:", 1), "it speaks http, and https was asked for", "http://"},
	} {
		t.Run(name, func(t *testing.T) {
			said, code := tried(t, c.address)
			if code != exit.Unreachable || !strings.Contains(said, c.what) || !strings.Contains(said, c.do) || strings.Contains(said, "dial tcp") {
				t.Errorf("ended with %d: %s", code, said)
			}
		})
	}
}

func TestWordsOfTheOperatingSystemComeWithWhatToDo(t *testing.T) {
	at := func(errno error) error {
		return fmt.Errorf("write the copy: %w", &fs.PathError{Op: "write", Path: "/backup/a.db", Err: errno})
	}
	for name, c := range map[string]struct {
		err  error
		want string
	}{
		"a full disk":       {at(syscall.ENOSPC), "make room"},
		"a quota":           {at(syscall.EDQUOT), "make room"},
		"rights":            {at(syscall.EACCES), "ls -ld /backup/a.db"},
		"read-only":         {at(syscall.EROFS), "mounted read-only"},
		"files":             {at(syscall.EMFILE), "ulimit -n"},
		"a taken address":   {&net.OpError{Op: "listen", Err: syscall.EADDRINUSE}, "Another program listens there"},
		"no network":        {&net.OpError{Op: "dial", Err: syscall.ENETUNREACH}, "no way to it on this network"},
		"nothing is known":  {errors.New("the plan is another's"), "pressrun: the plan is another's"},
		"a lookup that can": {&net.DNSError{Name: "app.example.gov", IsTemporary: true}, "can't be looked up just now"},
	} {
		if said := message(c.err, nil); !strings.Contains(said, c.want) {
			t.Errorf("%s: %s", name, said)
		}
	}
}

func TestWordsOfOtherProgramsAreUnderstood(t *testing.T) {
	for line, want := range map[string]string{
		"publish":           `Is it "pressrun deploy" that you look for?`,
		"unfreeze":          `Is it "pressrun thaw" that you look for?`,
		"statsu":            `did you mean "status"?`,
		"status --wach":     `did you mean "--watch"?`,
		"--site www status": "flags stand behind the command, as in: pressrun COMMAND --site",
		"hook delivery":     "See: pressrun hook --help",
	} {
		var out, errs strings.Builder
		code := Run(t.Context(), strings.Fields(line), &terminal.Terminal{Out: &out, Err: &errs, Now: time.Now, Local: time.UTC})
		if code != exit.Usage || !strings.Contains(errs.String(), want) {
			t.Errorf("%s ended with %d: %s", line, code, errs.String())
		}
	}
}

// Each of the words leads to a command that there is.
func TestOtherNamesLeadToCommands(t *testing.T) {
	parser, err := NewParser(t.Context(), &terminal.Terminal{Out: &strings.Builder{}, Err: &strings.Builder{}, Now: time.Now, Local: time.UTC})
	if err != nil {
		t.Fatal(err)
	}
	known := map[string]bool{}
	for _, leaf := range parser.Model.Leaves(true) {
		path := strings.Fields(leaf.FullPath())[1:]
		known[path[0]], known[strings.Join(path[:min(2, len(path))], " ")] = true, true
	}
	for word, command := range otherNames {
		if known[word] || !known[command] {
			t.Errorf("%s leads to %s", word, command)
		}
	}
}

// Who copies a CMS's content has no --app to look at.
func TestACMSThatCanNotBeReachedIsNotTakenForTheApp(t *testing.T) {
	err := &fetch.TriedError{Err: &net.OpError{Op: "dial", Err: syscall.ECONNREFUSED}}
	if said := message(err, nil); !strings.Contains(said, "Does the CMS run") || strings.Contains(said, "--app") {
		t.Errorf("it is told as %q", said)
	}
}
