// Package copying has the commands that copy a CMS's content, and serve the copy.
package copying

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/pressrun/pressrun/internal/cli/exit"
	"github.com/pressrun/pressrun/internal/cli/terminal"
	"github.com/pressrun/pressrun/internal/content"
	"github.com/pressrun/pressrun/internal/content/archive"
	"github.com/pressrun/pressrun/internal/content/export"
	"github.com/pressrun/pressrun/internal/content/fetch"
	"github.com/pressrun/pressrun/internal/content/source"
	"github.com/pressrun/pressrun/internal/pace"
)

// secretEnv is the environment's variable with the credential for the source.
const secretEnv = "PRESSRUN_CONTENT_TOKEN"

// sourceFlags name a source and who asks it.
type sourceFlags struct {
	Source string `arg:"" help:"Address of the CMS, such as https://cms.example.gov, or a file of settings (docs/export.md)."`
	Kind   string `placeholder:"KIND" help:"What the CMS is: ${kinds}."`
	tokenFlags
}

// tokenFlags say who asks.
type tokenFlags struct {
	TokenFile string `type:"path" placeholder:"FILE" help:"File with the credential for the CMS. Or set PRESSRUN_CONTENT_TOKEN."`
}

// settings are those of the flags, or of the file that they name.
func (f sourceFlags) settings() (source.Settings, error) {
	s := source.Settings{URL: f.Source}
	if !strings.Contains(f.Source, "://") {
		var err error
		if s, err = source.ReadSettings(f.Source); err != nil {
			if errors.Is(err, fs.ErrNotExist) {
				err = fmt.Errorf("%s is neither an address such as https://cms.example.gov nor a file of settings", f.Source)
			}
			return s, exit.With(exit.Usage, err)
		}
	}
	if f.Kind != "" {
		s.Kind = f.Kind
	}
	if s.Kind == "" {
		return s, exit.With(exit.Usage, fmt.Errorf("--kind: say what the CMS is: one of %s", strings.Join(source.Names(), ", ")))
	}
	if err := s.Check(); err != nil {
		return s, exit.With(exit.Usage, err)
	}
	return s, nil
}

// secret is the credential: of the file that the flag or the settings name, or of the
// environment; empty for none.
func (f tokenFlags) secret(s source.Settings) (string, error) {
	file := f.TokenFile
	if file == "" {
		file = s.Credential.File
	}
	if file == "" {
		return strings.TrimSpace(os.Getenv(secretEnv)), nil
	}
	text, err := os.ReadFile(filepath.Clean(file))
	if err != nil {
		return "", exit.With(exit.Usage, fmt.Errorf("read the credential for the CMS: %w", err))
	}
	first, _, _ := strings.Cut(strings.TrimSpace(string(text)), "\n")
	if first = strings.TrimSpace(first); first == "" {
		return "", exit.With(exit.Usage, fmt.Errorf("the credential for the CMS: %s is empty", file))
	}
	return first, nil
}

// open makes the client that asks the source.
func (f tokenFlags) open(t *terminal.Terminal, s source.Settings, atOnce int) (source.Kind, *fetch.Client, error) {
	kind, err := source.Find(s.Kind)
	if err != nil {
		return kind, nil, exit.With(exit.Usage, err)
	}
	secret, err := f.secret(s)
	if err != nil {
		return kind, nil, err
	}
	client, err := fetch.New(fetch.Options{
		URL: s.URL, Credential: s.CredentialOf(kind, secret), Pace: pace.New(pace.Limits{Most: atOnce}), Agent: "pressrun/" + t.Version, Now: t.Now,
	})
	if err != nil {
		return kind, nil, exit.With(exit.Usage, err)
	}
	return kind, client, nil
}

// mostRequests bounds the file of requests, in bytes.
const mostRequests = 8 << 20

// hints are the records that the requests of a file name, by type and id.
func hints(file string) ([]export.Hint, error) {
	if file == "" {
		return nil, nil
	}
	info, err := os.Stat(file)
	if err != nil {
		return nil, exit.With(exit.Usage, fmt.Errorf("read the requests that are served: %w", err))
	}
	if info.Size() > mostRequests {
		return nil, exit.With(exit.Usage, fmt.Errorf("read the requests that are served: %s is larger than 8 MB", file))
	}
	text, err := os.ReadFile(filepath.Clean(file))
	if err != nil {
		return nil, exit.With(exit.Usage, fmt.Errorf("read the requests that are served: %w", err))
	}
	found, err := parseHints(text)
	if err != nil {
		return nil, exit.With(exit.Usage, fmt.Errorf("read the requests that are served: %s: %w", file, err))
	}
	return found, nil
}

func parseHints(text []byte) ([]export.Hint, error) {
	var served struct {
		Requests []struct {
			Entity string `json:"entity"`
		} `json:"requests"`
	}
	if err := json.Unmarshal(text, &served); err != nil {
		return nil, fmt.Errorf("it is not JSON as a run has it: %w", err)
	}
	var found []export.Hint
	for _, r := range served.Requests {
		if at := strings.LastIndex(r.Entity, "/"); at > 0 && at+1 < len(r.Entity) {
			found = append(found, export.Hint{Type: r.Entity[:at], ID: r.Entity[at+1:]})
		}
	}
	return found, nil
}

// inCode gives an error of an export its exit code.
func inCode(err error) error {
	refused, answered := errors.AsType[*fetch.StatusError](err)
	_, guarded := errors.AsType[*export.GuardError](err)
	switch {
	case err == nil:
		return nil
	case guarded, errors.Is(err, export.ErrEndless), errors.Is(err, content.ErrNotAList):
		return exit.With(exit.Refused, err)
	case errors.Is(err, archive.ErrBusy):
		return exit.With(exit.Conflict, err)
	case answered && refused.Status >= http.StatusInternalServerError:
		return exit.With(exit.Unreachable, err)
	case answered:
		return exit.With(exit.OfStatus(refused.Status), err)
	}
	return err
}

// plan is what the settings say of an export.
func (f sourceFlags) plan(ctx context.Context, t *terminal.Terminal, s source.Settings, dir string, atOnce int) (export.Plan, *fetch.Client, error) {
	if atOnce == 0 {
		atOnce = s.AtOnce
	}
	kind, client, err := f.open(t, s, atOnce)
	if err != nil {
		return export.Plan{}, nil, err
	}
	recorded := source.Record(client)
	types, err := kind.Lists(ctx, recorded, s)
	if err != nil {
		client.Close()
		return export.Plan{}, nil, inCode(err)
	}
	return export.Plan{
		Dir: dir, Kind: kind.Name, URL: s.URL, Types: types, Chosen: len(s.Types) > 0, Ask: client, Now: t.Now,
		Overlap: source.Span(s.Overlap), FullEvery: source.Span(s.FullEvery), Young: 6 * time.Hour, Lists: recorded,
	}, client, nil
}
