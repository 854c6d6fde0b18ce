package frontend

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"
	"strings"

	"github.com/BurntSushi/toml"
	"github.com/goccy/go-yaml"
)

// maxFile bounds how much of a file is read, in bytes. Lockfiles may be longer: their
// beginning is enough.
const maxFile = 1 << 20

// tree is the frontend's folder. It keeps the first read error, so that an unreadable
// file does not count as missing.
type tree struct {
	folder fs.FS
	pkg    *manifest // nil without a package.json
	err    error
}

func (t *tree) has(name string) bool {
	info, err := fs.Stat(t.folder, name)
	t.keepError(name, err)
	return err == nil && !info.IsDir()
}

func (t *tree) hasFolder(name string) bool {
	info, err := fs.Stat(t.folder, name)
	t.keepError(name, err)
	return err == nil && info.IsDir()
}

// first is the first of some files that exists; "" if none does.
func (t *tree) first(names ...string) string {
	for _, name := range names {
		if t.has(name) {
			return name
		}
	}
	return ""
}

// read is a file's text; "" if it is missing.
func (t *tree) read(name string) string {
	f, err := t.folder.Open(name)
	if err != nil {
		t.keepError(name, err)
		return ""
	}
	text, err := io.ReadAll(io.LimitReader(f, maxFile))
	t.keepError(name, errors.Join(err, f.Close()))
	return strings.TrimPrefix(string(text), "\ufeff")
}

func (t *tree) keepError(name string, err error) {
	if err != nil && t.err == nil && !errors.Is(err, fs.ErrNotExist) && !errors.Is(err, fs.ErrInvalid) {
		t.err = fmt.Errorf("read %s: %w", name, err)
	}
}

// settings reads a file of JSON, TOML or YAML, by its ending; nil if it is missing.
func (t *tree) settings(name string) (map[string]any, error) {
	if !t.has(name) {
		return nil, nil
	}
	return parseSettings(name, t.read(name))
}

func parseSettings(name, text string) (map[string]any, error) {
	var err error
	read := map[string]any{}
	switch path.Ext(name) {
	case ".toml":
		err = toml.Unmarshal([]byte(text), &read)
	case ".json":
		err = json.Unmarshal([]byte(text), &read)
	default:
		err = yaml.Unmarshal([]byte(text), &read)
	}
	if err != nil {
		line, _, _ := strings.Cut(err.Error(), "\n")
		return nil, unclear(fmt.Sprintf("%s can't be read: %.200s", name, line), "mend it")
	}
	return read, nil
}

// lookup finds a string in nested settings, ignoring the case of keys; "" if there is none.
func lookup(settings map[string]any, keys ...string) string {
	for name, value := range settings {
		if !strings.EqualFold(name, keys[0]) {
			continue
		}
		if len(keys) > 1 {
			inner, _ := value.(map[string]any)
			if found := lookup(inner, keys[1:]...); found != "" {
				return found
			}
			continue
		}
		switch value := value.(type) {
		case string:
			return strings.TrimSpace(value)
		case int64, uint64, float64, int:
			return fmt.Sprint(value)
		}
	}
	return ""
}
