package cmssample

import (
	"fmt"
	"os"
	"path/filepath"

	"github.com/pressrun/pressrun/internal/cms"
)

// Site is the configuration of a site with a hook of each dialect, named as the dialect is
// and signed by Secret, which it writes into the folder dir. Nothing is dispatched: all that
// is taken waits, and can be counted.
func Site(dir string) (map[string]any, error) {
	secret := filepath.Join(dir, "secret")
	if err := os.WriteFile(secret, []byte(Secret), 0o600); err != nil {
		return nil, fmt.Errorf("write the secret: %w", err)
	}
	var hooks []any
	for _, name := range cms.Names() {
		hook := map[string]any{"name": name, "dialect": name, "rate": 100_000, "burst": 100_000}
		if d, _ := cms.Find(name); d.Signed() {
			hook["secret_file"] = secret
		}
		hooks = append(hooks, hook)
	}
	return map[string]any{
		"runner": "local", "quiet": "6h", "max_wait": "6h",
		"source": map[string]any{"folder": dir},
		"build":  map[string]any{"command": "true", "output": "public"},
		"deploy": map[string]any{"to": "file://" + filepath.Join(dir, "www")},
		"hooks":  hooks,
	}, nil
}
