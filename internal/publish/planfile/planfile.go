// Package planfile is the file format of a release's plan, which people review and the
// deploy must match. The file may pass between jobs and versions: so the format has a
// version, and is read strictly.
package planfile

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/pressrun/pressrun/internal/deploy/plan"
)

// format is the version of the file format. It grows with every field that an older program
// must not ignore.
const format = 2

// maxSize is the size of the largest file, in bytes: two million changed paths.
const maxSize = 512 << 20

// Plan is a plan with the options of its deploy.
type Plan struct {
	Destination Destination `json:"destination"`
	Build       Build       `json:"build"`
	CDN         CDN         `json:"cdn,omitzero"`
	// RedirectStore is the ARN of the store that also keeps the redirects, "none" to stop
	// using the earlier one, "" if there never was one.
	RedirectStore string   `json:"redirect_store,omitempty"`
	PublicURL     string   `json:"public_url,omitempty"` // the site's public address
	Allow         []string `json:"allow,omitempty"`      // names of guards that may be violated

	// Parent is the deploy that the plan was made against, and Digest the hash of the
	// plan's changes: a deploy with another parent or digest is refused.
	Parent int64  `json:"parent"`
	Digest string `json:"digest"`
	// Changes are all paths to write or delete.
	Changes []plan.Change `json:"changes"`
	// Shards is how many jobs send the content, 0 for a deploy in one job; Manifest is
	// the new release's manifest, encoded as in a destination's state.
	Shards   int    `json:"shards,omitempty"`
	Manifest []byte `json:"manifest,omitempty"`

	// Summary is the output of pressrun plan --json, for people only.
	Summary json.RawMessage `json:"summary,omitempty"`
}

// Destination is the destination of the release.
type Destination struct {
	Address  string `json:"address"`            // s3://BUCKET[/PREFIX] or file:///FOLDER
	Site     string `json:"site,omitempty"`     // name of the site
	Endpoint string `json:"endpoint,omitempty"` // of an S3 store that is not AWS
	Region   string `json:"region,omitempty"`
	State    string `json:"state,omitempty"` // another address for the state
}

// Build is the built site, and the options of its deploy.
type Build struct {
	Folder      string `json:"folder"`
	Release     int64  `json:"release,omitempty"` // number; 0 for the next one
	Commit      string `json:"commit,omitempty"`
	Repair      bool   `json:"repair,omitempty"`
	Concurrency int    `json:"concurrency,omitempty"` // uploads at once; 0 for the default
	Rules       string `json:"rules,omitempty"`       // name of the file with the rules
}

// CDN is the CDN to purge; its zero value is none.
type CDN struct {
	Address        string `json:"address,omitempty"` // KIND:NAME
	Tags           bool   `json:"tags,omitempty"`
	CleanURLs      bool   `json:"clean_urls,omitempty"`
	NotFoundCached bool   `json:"not_found_cached,omitempty"`
}

// file is a plan as it is written.
type file struct {
	Format int `json:"format"`
	Plan
}

// encode is the plan as a file's content.
func (p Plan) encode() ([]byte, error) {
	if p.Changes == nil {
		p.Changes = []plan.Change{}
	}
	content, err := json.MarshalIndent(file{format, p}, "", "  ")
	if err != nil {
		return nil, fmt.Errorf("encode the plan: %w", err)
	}
	return append(content, '\n'), nil
}

// decode reads a file's content. A format, a field or a value that this version does not
// know is refused: the plan's safety may depend on it.
func decode(content []byte) (Plan, error) {
	var version struct {
		Format *int `json:"format"`
	}
	if err := json.Unmarshal(content, &version); err != nil {
		return Plan{}, fmt.Errorf("no plan: %w", err)
	}
	switch {
	case version.Format == nil:
		return Plan{}, errors.New("no plan that this version knows: it names no format")
	case *version.Format != format:
		return Plan{}, fmt.Errorf("a plan of format %d, and this version reads format %d: make a new one with pressrun plan --out", *version.Format, format)
	}
	var f file
	strict := json.NewDecoder(bytes.NewReader(content))
	strict.DisallowUnknownFields()
	if err := strict.Decode(&f); err != nil {
		return Plan{}, fmt.Errorf("no plan that this version knows: %w", err)
	}
	return f.Plan, f.validate()
}

func (p Plan) validate() error {
	for _, field := range []struct {
		name  string
		empty bool
	}{
		{"destination.address", p.Destination.Address == ""},
		{"build.folder", p.Build.Folder == ""},
		{"digest", p.Digest == ""},
	} {
		if field.empty {
			return fmt.Errorf("a plan without %s: make a new one with pressrun plan --out", field.name)
		}
	}
	if p.Shards < 0 || (p.Shards > 0) != (len(p.Manifest) > 0) {
		return fmt.Errorf("a plan with %d shards and a manifest of %d bytes, which do not belong together", p.Shards, len(p.Manifest))
	}
	return nil
}

// Write puts the plan into a file, for its owner only.
func Write(name string, p Plan) error {
	content, err := p.encode()
	if err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Clean(name), content, 0o600); err != nil {
		return fmt.Errorf("write the plan: %w", err)
	}
	return nil
}

// Read reads a plan's file, of at most 512 MiB.
func Read(name string) (p Plan, err error) {
	f, err := os.Open(filepath.Clean(name))
	if err != nil {
		return Plan{}, fmt.Errorf("read the plan: %w", err)
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	content, err := io.ReadAll(io.LimitReader(f, maxSize+1))
	if err != nil {
		return Plan{}, fmt.Errorf("read the plan: %w", err)
	}
	if len(content) > maxSize {
		return Plan{}, errors.New("read the plan: the file is too large for one")
	}
	if p, err = decode(content); err != nil {
		return Plan{}, fmt.Errorf("%s is %w", name, err)
	}
	return p, nil
}
