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

// Load reads and checks a configuration file. The error is an *Error when the
// file can be read and is not as it must be: it then tells of every mistake.
func Load(file string) (*Config, error) { return load(file, false) }

// Examine is Load that also looks for the files and folders which sites name: a
// person who checks a configuration wants to know, but a server that starts again
// while a folder is away must still serve the other sites.
func Examine(file string) (*Config, error) { return load(file, true) }

func load(file string, machine bool) (*Config, error) {
	text, err := read(file)
	if err != nil {
		return nil, fmt.Errorf("read the configuration: %w", err)
	}
	folder, err := filepath.Abs(filepath.Dir(file))
	if err != nil {
		return nil, fmt.Errorf("find the folder of %s: %w", file, err)
	}
	return parseText(file, folder, text, machine)
}

func read(file string) ([]byte, error) { return readBounded(file, strict.MaxFile+1) }

// readBounded reads a file, at most so many bytes of it.
func readBounded(file string, most int64) ([]byte, error) {
	f, err := os.Open(filepath.Clean(file))
	if err != nil {
		return nil, err
	}
	text, err := io.ReadAll(io.LimitReader(f, most))
	return text, errors.Join(err, f.Close())
}

// Parse is Load of a text, without a look at what is on this machine. The name stands in the mistakes; relative paths of
// the configuration count from the folder, which must be absolute.
func Parse(name, folder string, text []byte) (*Config, error) {
	return parseText(name, folder, text, false)
}

func parseText(name, folder string, text []byte, machine bool) (*Config, error) {
	var c Config
	f := strict.Read(name, text, &c, "at least sites and tokens (see the example in docs/configuration.md)")
	check(&c, folder, f, machine)
	if err := f.Err(); err != nil {
		return nil, err
	}
	c.applyDefaults()
	c.resolvePaths(folder)
	return &c, nil
}

//go:embed schema/pressrun.schema.json
var schema []byte

// Schema is the JSON schema (2020-12) of the configuration file, for editors.
func Schema() []byte { return schema }
