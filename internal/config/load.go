package config

import (
	_ "embed"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/pressrun/pressrun/internal/config/strict"
)

// Load reads and checks a configuration: a file, or a folder of files. The error is an
// *Error with every mistake if it can be read and is invalid. Of a folder it leaves out the
// sites that have mistakes; [Open] lists those.
func Load(path string) (*Config, error) {
	l, err := Open(path)
	if err != nil {
		return nil, err
	}
	return &l.Config, nil
}

// Open is Load for a server of the sites: it also lists the sites that are left out, and why.
func Open(path string) (*Loaded, error) { return open(path, false) }

// Examine is Load that also checks that files and folders named by sites exist, and fails
// for a mistake of any site. It is for people who check a configuration; a server that
// restarts while a folder is missing must still serve the other sites.
func Examine(path string) (*Config, error) {
	l, err := open(path, true)
	if err != nil {
		return nil, err
	}
	if l.mistakes != nil {
		return nil, l.mistakes
	}
	return &l.Config, nil
}

func open(path string, machine bool) (*Loaded, error) {
	if info, err := os.Stat(path); err == nil && info.IsDir() {
		return openFolder(path, machine)
	}
	text, err := read(path)
	if err != nil {
		return nil, fmt.Errorf("read the configuration: %w", err)
	}
	folder, err := filepath.Abs(filepath.Dir(path))
	if err != nil {
		return nil, fmt.Errorf("find the folder of %s: %w", path, err)
	}
	c, err := parseText(path, folder, text, machine)
	if info, e := os.Stat(filepath.Join(folder, siteFolder)); err != nil && e == nil && info.IsDir() {
		return nil, fmt.Errorf("%w\n(this is the file alone: to have the files in %s read too, name the folder %s)", err, filepath.Join(folder, siteFolder), folder)
	}
	if err != nil {
		return nil, err
	}
	return &Loaded{Config: *c}, nil
}

func read(file string) ([]byte, error) { return readBounded(file, strict.MaxFile+1) }

// readBounded reads at most that many bytes of a file.
func readBounded(file string, most int64) ([]byte, error) {
	f, err := os.Open(filepath.Clean(file))
	if err != nil {
		return nil, err
	}
	text, err := io.ReadAll(io.LimitReader(f, most))
	return text, errors.Join(err, f.Close())
}

// Parse is Load of a text, without checks of files on this machine. The name appears in the mistakes;
// relative paths of the configuration are relative to the folder, which must be absolute.
func Parse(name, folder string, text []byte) (*Config, error) {
	return parseText(name, folder, text, false)
}

const least = "at least sites and tokens (see the example in docs/configuration.md)"

func parseText(name, folder string, text []byte, machine bool) (*Config, error) {
	l := newLoader()
	l.main(name, text)
	k := l.checker(folder)
	k.machine = machine
	k.all()
	if err := l.Err(); err != nil {
		return nil, err
	}
	l.config.finish(folder)
	return &l.config, nil
}

// finish sets the defaults and the absolute paths of a valid configuration.
func (c *Config) finish(folder string) {
	c.Groups = nil // their sites have inherited them
	c.applyDefaults()
	c.resolvePaths(folder)
}

//go:embed schema/pressrun.schema.json
var schema []byte

// Schema is the JSON schema (2020-12) of the configuration file, for editors.
func Schema() []byte { return schema }
