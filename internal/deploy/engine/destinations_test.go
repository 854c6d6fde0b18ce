package engine_test

import (
	"crypto/sha256"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/minio/crc64nvme"

	"github.com/pressrun/pressrun/internal/deploy"
	"github.com/pressrun/pressrun/internal/deploy/destination"
	"github.com/pressrun/pressrun/internal/deploy/engine"
	"github.com/pressrun/pressrun/internal/deploy/manifest"
	"github.com/pressrun/pressrun/internal/deploy/store"
	"github.com/pressrun/pressrun/test/servers"
)

// site is a build: path -> content.
type site map[string]string

func small() site {
	return site{
		"index.html":                 `<link rel=stylesheet href=/assets/site-0a1b2c3d4e.css><a href=/about/>about</a>`,
		"404.html":                   "not found",
		"about/index.html":           `<script src="/assets/app-BxK3a9_z.js"></script>`,
		"news/index.html":            "news",
		"assets/site-0a1b2c3d4e.css": "body{}",
		"assets/app-BxK3a9_z.js":     "1",
		"files/a b#c?d%20é.pdf":      "%PDF",
		"sitemap.xml":                "<urlset/>",
	}
}

func (s site) write(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	for name, body := range s {
		file := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(body), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func (s site) with(name, body string) site {
	c := site{}
	for k, v := range s {
		c[k] = v
	}
	if body == "" {
		delete(c, name)
	} else {
		c[name] = body
	}
	return c
}

// place is one destination, and a way to read it as a visitor does.
type place struct {
	dest store.Destination
	read func(t *testing.T) site
	put  func(t *testing.T, name, body string) // as a stranger

	remove func(t *testing.T, name string) // as a stranger
}

func places(t *testing.T) map[string]func(t *testing.T) place {
	t.Helper()
	return map[string]func(t *testing.T) place{
		"folder": func(t *testing.T) place {
			t.Helper()
			dir := filepath.Join(t.TempDir(), "www")
			return folder(t, "file://"+dir, destination.Options{}, dir)
		},
		"versitygw": func(t *testing.T) place {
			t.Helper()
			gw := servers.StartVersityGW(t, "site")
			return folder(t, "s3://site/www", destination.Options{
				Endpoint: gw.Endpoint, AccessKey: gw.AccessKey, SecretKey: gw.SecretKey,
			}, filepath.Join(gw.Data, "site", "www"))
		},
	}
}

func folder(t *testing.T, address string, o destination.Options, dir string) place {
	t.Helper()
	dest, err := destination.Open(t.Context(), address, o)
	if err != nil {
		t.Fatal(err)
	}
	return place{
		dest: dest,
		remove: func(t *testing.T, name string) {
			t.Helper()
			if err := os.Remove(filepath.Join(dir, filepath.FromSlash(name))); err != nil {
				t.Fatal(err)
			}
		},
		read: func(t *testing.T) site {
			t.Helper()
			return readFolder(t, dir)
		},
		put: func(t *testing.T, name, body string) {
			t.Helper()
			_, err := dest.Site.Put(t.Context(), store.Put{
				Key: name, Size: int64(len(body)), Sum: sha256.Sum256([]byte(body)),
				CRC: crc64nvme.Checksum([]byte(body)), Body: strings.NewReader(body),
			})
			if err != nil {
				t.Fatal(err)
			}
		},
	}
}

func readFolder(t *testing.T, dir string) site {
	t.Helper()
	found := site{}
	dir, err := filepath.EvalSymlinks(dir)
	if errors.Is(err, fs.ErrNotExist) {
		return found
	}
	if err != nil {
		t.Fatal(err)
	}
	err = filepath.WalkDir(dir, func(name string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		key, _ := filepath.Rel(dir, name)
		if strings.HasPrefix(key, ".pressrun/") || key == manifest.MarkerPath {
			return nil
		}
		body, err := os.ReadFile(name)
		found[filepath.ToSlash(key)] = string(body)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}

func options(source string) engine.Options {
	return engine.Options{Source: source, Site: "www", LockWait: -1, LeaseTTL: 5 * time.Second}
}

func mustRun(t *testing.T, p place, o engine.Options) deploy.Result {
	t.Helper()
	result, err := engine.Run(t.Context(), p.dest, o)
	if err != nil {
		t.Fatalf("deploy: %v", err)
	}
	if !result.Live || len(result.Warnings) > 0 {
		t.Fatalf("live = %v, warnings = %q", result.Live, result.Warnings)
	}
	return result
}

func everywhere(t *testing.T, f func(t *testing.T, p place)) {
	t.Helper()
	for name, open := range places(t) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f(t, open(t))
		})
	}
}
