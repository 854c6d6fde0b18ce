package preview

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/pressrun/pressrun/internal/deploy/destination"
	"github.com/pressrun/pressrun/internal/deploy/history"
	"github.com/pressrun/pressrun/internal/deploy/store"
)

// Place holds a site's previews: a bucket, a prefix of one or a folder, with nothing else
// in it. Each preview is a destination of its own below it.
type Place struct {
	// Timeouts may be set before the first call.
	Timeouts Timeouts

	recordStore

	options destination.Options
	folder  string // of a file:// place, else ""
}

// Open opens a place. It sends and creates nothing.
func Open(ctx context.Context, address string, o destination.Options) (*Place, error) {
	if o.State != "" || o.StatePrefix != "" {
		return nil, errors.New("previews keep their state beside them: leave the state's address out")
	}
	address = strings.TrimRight(address, "/")
	root, err := destination.Open(ctx, address, o)
	if err != nil {
		return nil, err
	}
	p := &Place{recordStore: recordStore{address: address, root: root}, options: o}
	if u, err := url.Parse(address); err == nil && u.Scheme == "file" {
		p.folder = filepath.Clean(filepath.FromSlash(u.Path))
	}
	return p, nil
}

// Address is the address of the place.
func (p *Place) Address() string { return p.address }

// Folder is the folder of a preview's files; false for a place in a bucket.
func (p *Place) Folder(name string) (string, bool) {
	return filepath.Join(p.folder, name), p.folder != ""
}

// Destination is where a preview's files go.
func (p *Place) Destination(ctx context.Context, name string) (store.Destination, error) {
	return destination.Open(ctx, p.address+"/"+name, p.options)
}

// claimKey is an object of the state that marks the place as one for previews only.
const claimKey = "previews-place.json"

// claimed says whether the place was claimed for previews.
func (p *Place) claimed(ctx context.Context) (bool, error) {
	_, err := p.root.State.Stat(ctx, claimKey)
	if errors.Is(err, store.ErrNotFound) {
		return false, nil
	}
	return err == nil, err
}

// Claim claims a place for previews, for good. It refuses a place that holds anything, or
// is or lies in a site's destination: the sweep of previews must never meet other files.
func (p *Place) Claim(ctx context.Context) error {
	if done, err := p.claimed(ctx); done || err != nil {
		return err
	}
	for _, address := range append([]string{p.address}, p.parentFolders()...) {
		dest, err := destination.Open(ctx, address, p.options)
		if err != nil {
			continue // no destination can be there
		}
		head, err := history.ReadHead(ctx, dest.State, "")
		if address == p.address && err != nil {
			return err
		}
		if err == nil && head.Live != nil {
			return &Conflict{fmt.Sprintf("a site is published to %s, and previews at %s could meet its files: give previews a bucket or a folder of their own", address, p.address)}
		}
	}
	if first, err := p.firstObject(ctx); err != nil {
		return err
	} else if first != "" {
		return &Conflict{fmt.Sprintf("%s holds other things than previews, such as %s: give previews an empty place of their own", p.address, first)}
	}
	claim := []byte(`{"what":"previews: everything here is made and removed by pressrun preview"}` + "\n")
	_, err := p.root.State.Put(ctx, store.SmallPut(claimKey, stateHeaders, claim, store.Condition{IfAbsent: true}))
	if errors.Is(err, store.ErrPrecondition) {
		return nil // another process did
	}
	return err
}

// parentFolders are the addresses of the folders around the place, the nearest first.
func (p *Place) parentFolders() []string {
	scheme, rest, _ := strings.Cut(p.address, "://")
	var out []string
	for up := path.Dir(rest); up != "." && up != "/"; up = path.Dir(up) {
		out = append(out, scheme+"://"+up)
	}
	return out
}

// firstObject is the name of an object at the place; "" if it is empty.
func (p *Place) firstObject(ctx context.Context) (string, error) {
	if p.folder != "" {
		entries, err := os.ReadDir(p.folder)
		if errors.Is(err, fs.ErrNotExist) || err == nil && len(entries) == 0 {
			return "", nil
		}
		if err != nil {
			return "", err
		}
		return entries[0].Name(), nil
	}
	var found string
	err := p.root.Site.List(ctx, "", func(i store.Info) error {
		if strings.HasPrefix(i.Key, destination.DefaultStatePrefix) {
			return nil
		}
		found = i.Key
		return errEnough
	})
	if errors.Is(err, errEnough) {
		err = nil
	}
	return found, err
}

// errEnough ends a listing.
var errEnough = errors.New("enough is listed")

// Names are the names of all previews that have files or state at the place, in order.
func (p *Place) Names(ctx context.Context) ([]string, error) {
	found := map[string]bool{}
	add := func(name string) {
		if IsName(name) {
			found[name] = true
		}
	}
	if p.folder != "" {
		entries, err := os.ReadDir(p.folder)
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return nil, err
		}
		for _, e := range entries {
			name, _, _ := strings.Cut(e.Name(), ".")
			add(name)
		}
	} else if err := p.root.Site.List(ctx, "", func(i store.Info) error {
		name, _, below := strings.Cut(i.Key, "/")
		if below {
			add(name)
		}
		return nil
	}); err != nil {
		return nil, err
	}
	names := make([]string, 0, len(found))
	for name := range found {
		names = append(names, name)
	}
	slices.Sort(names)
	return names, nil
}

// removeLeftovers deletes temporary files that killed writers of records left in a folder. A bucket has none.
func (p *Place) removeLeftovers() error {
	state, is := p.root.State.(interface{ RemoveLeftovers(prefix string) error })
	if !is {
		return nil
	}
	return errors.Join(state.RemoveLeftovers(""), state.RemoveLeftovers(recordPrefix))
}
