package engine_test

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/pressrun/pressrun/internal/deploy"
	"github.com/pressrun/pressrun/internal/deploy/destination"
	"github.com/pressrun/pressrun/test/servers"
)

// whereverContentIsKept is everywhere, and each other way to keep what a release
// replaced.
func whereverContentIsKept(t *testing.T, f func(t *testing.T, p place)) {
	t.Helper()
	everywhere(t, f)
	t.Run("state in another bucket", func(t *testing.T) {
		t.Parallel()
		gw := servers.StartVersityGW(t, "site", "private")
		p := folder(t, "s3://site/www", destination.Options{
			Endpoint: gw.Endpoint, AccessKey: gw.AccessKey, SecretKey: gw.SecretKey, State: "s3://private/www",
		}, filepath.Join(gw.Data, "site", "www"))
		f(t, p)
		// A public bucket must list nothing but the site.
		err := p.dest.Site.List(t.Context(), "", func(info deploy.Info) error {
			if strings.Contains(info.Key, "content/") || strings.Contains(info.Key, "releases/") || info.Key == "head" {
				t.Errorf("the site's bucket lists %s", info.Key)
			}
			return nil
		})
		if err != nil {
			t.Error(err)
		}
	})
}
