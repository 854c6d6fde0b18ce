// Package job prepares an export from its settings: the source's address or its file of
// settings, the credential, and the requests that a release serves.
package job

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/pressrun/pressrun/internal/content/export"
	"github.com/pressrun/pressrun/internal/content/fetch"
	"github.com/pressrun/pressrun/internal/content/source"
	"github.com/pressrun/pressrun/internal/pace"
)

// SecretVariable is the environment's variable with the credential for the source.
const SecretVariable = "PRESSRUN_CONTENT_TOKEN"

// Settings are those of an address, or of the file that is named in its place. kind is the
// kind of CMS; "" for the file's own. flag names the option for kind in messages.
func Settings(address, kind, flag string) (source.Settings, error) {
	s := source.Settings{URL: address}
	if IsFile(address) {
		var err error
		if s, err = source.ReadSettings(address); err != nil {
			if errors.Is(err, fs.ErrNotExist) {
				err = fmt.Errorf("%s is neither an address such as https://cms.example.gov nor a file of settings", address)
			}
			return s, err
		}
	}
	if kind != "" {
		s.Kind = kind
	}
	if s.Kind == "" {
		return s, fmt.Errorf("%s: name the kind of CMS: one of %s", flag, strings.Join(source.Names(), ", "))
	}
	return s, s.Check()
}

// IsFile says whether a source is named by a file of settings, and not by its address.
func IsFile(address string) bool { return !strings.Contains(address, "://") }

// Secret is the credential: the first line of the file, or of the file that the settings
// name; else the given value of SecretVariable. Empty for none.
func Secret(s source.Settings, file, ofEnvironment string) (string, error) {
	if file == "" {
		file = s.Credential.File
	}
	if file == "" {
		return strings.TrimSpace(ofEnvironment), nil
	}
	text, err := os.ReadFile(filepath.Clean(file))
	if err != nil {
		return "", fmt.Errorf("read the credential for the CMS: %w", err)
	}
	first, _, _ := strings.Cut(strings.TrimSpace(string(text)), "\n")
	if first = strings.TrimSpace(first); first == "" {
		return "", fmt.Errorf("read the credential for the CMS: %s is empty", file)
	}
	return first, nil
}

// ClientOptions configure the client of a source.
type ClientOptions struct {
	Secret string // empty for none
	AtOnce int    // requests under way at most; 0 for the number of the settings
	Agent  string // the user agent
	Now    func() time.Time
}

// Client makes the client that asks a source. It has asked nothing yet.
func Client(s source.Settings, o ClientOptions) (source.Kind, *fetch.Client, error) {
	kind, err := source.Find(s.Kind)
	if err != nil {
		return kind, nil, err
	}
	if o.AtOnce == 0 {
		o.AtOnce = s.AtOnce
	}
	client, err := fetch.New(fetch.Options{
		URL: s.URL, Credential: s.CredentialOf(kind, o.Secret), Pace: pace.New(pace.Limits{Most: o.AtOnce}), Agent: o.Agent, Now: o.Now,
	})
	return kind, client, err
}

// Plan asks the source for its lists, and plans to copy them into a folder.
func Plan(ctx context.Context, kind source.Kind, client *fetch.Client, s source.Settings, dir string, now func() time.Time) (export.Plan, error) {
	recorded := source.Record(client)
	types, err := kind.Lists(ctx, recorded, s)
	if err != nil {
		return export.Plan{}, err
	}
	return export.Plan{
		Dir: dir, Kind: kind.Name, URL: s.URL, Types: types, Chosen: len(s.Types) > 0, Ask: client, Now: now,
		Overlap: source.Span(s.Overlap), FullEvery: source.Span(s.FullEvery), Lists: recorded,
	}, nil
}
