package engine_test

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/pressrun/pressrun/internal/deploy/destination"
	"github.com/pressrun/pressrun/internal/deploy/manifest"
	"github.com/pressrun/pressrun/internal/deploy/store"
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
		err := p.dest.Site.List(t.Context(), "", func(info store.Info) error {
			if strings.Contains(info.Key, "content/") || strings.Contains(info.Key, "releases/") || info.Key == "head" {
				t.Errorf("the site's bucket lists %s", info.Key)
			}
			return nil
		})
		if err != nil {
			t.Error(err)
		}
	})
	t.Run("a bucket with versions", func(t *testing.T) {
		t.Parallel()
		p, _ := withVersions(t)
		f(t, p)
	})
}

// withVersions is a bucket of versitygw whose versioning is on.
func withVersions(t *testing.T) (place, *servers.VersityGW) {
	t.Helper()
	gw := servers.StartVersioningGW(t, "site")
	gw.KeepVersions(t, "site", true)
	p := folder(t, "s3://site/www", destination.Options{
		Endpoint: gw.Endpoint, AccessKey: gw.AccessKey, SecretKey: gw.SecretKey,
	}, "")
	p.read = func(t *testing.T) site { // its folder also has what was deleted
		t.Helper()
		return readStore(t, p.dest)
	}
	return p, gw
}

// readStore reads the site through its store.
func readStore(t *testing.T, dest store.Destination) site {
	t.Helper()
	found := site{}
	err := dest.Site.List(t.Context(), "", func(i store.Info) error {
		if manifest.Reserved(i.Key, dest.ReservedPrefix()) {
			return nil
		}
		o, err := dest.Site.Get(t.Context(), i.Key)
		found[i.Key] = string(o.Body)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}

// keptKeys are what was copied for a rollback.
func keptKeys(t *testing.T, dest store.Destination) []string {
	t.Helper()
	var keys []string
	err := dest.KeptStore().List(t.Context(), dest.KeptPrefix, func(i store.Info) error { keys = append(keys, i.Key); return nil })
	if err != nil {
		t.Fatal(err)
	}
	return keys
}
