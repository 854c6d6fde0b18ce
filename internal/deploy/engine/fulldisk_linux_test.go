package engine_test

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/pressrun/pressrun/internal/deploy/destination"
	"github.com/pressrun/pressrun/internal/deploy/engine"
	"github.com/pressrun/pressrun/test/servers"
)

// TestAFullDiskOfTheStore runs a real store out of room: before the first write,
// and in the middle of a deploy.
func TestAFullDiskOfTheStore(t *testing.T) {
	const size = 24 << 20
	first := small()
	second := first.with("assets/app-BxK3a9_z.js", "").with("assets/app-CxK3a9_y.js", "2").
		with("about/index.html", `<script src="/assets/app-CxK3a9_y.js"></script>`)
	for i := range 40 {
		second[fmt.Sprintf("assets/photo%d-0a1b2c3d4e.jpg", i)] = strings.Repeat(fmt.Sprint(i%10), 64<<10)
	}
	for _, c := range []struct {
		name string
		left int64 // bytes that the deploy finds
	}{
		{"not even the lease can be written", 0},
		{"the first assets can be written", 512 << 10},
	} {
		for kind, open := range map[string]func(t *testing.T, disk string) place{
			"versitygw": func(t *testing.T, disk string) place {
				t.Helper()
				gw := servers.StartVersityGWIn(t, disk, "site")
				return folder(t, "s3://site/www", destination.Options{
					Endpoint: gw.Endpoint, AccessKey: gw.AccessKey, SecretKey: gw.SecretKey, MaxAttempts: 2,
				}, filepath.Join(disk, "site", "www"))
			},
			"folder": func(t *testing.T, disk string) place {
				t.Helper()
				return folder(t, "file://"+filepath.Join(disk, "www"), destination.Options{}, filepath.Join(disk, "www"))
			},
		} {
			t.Run(c.name+", "+kind, func(t *testing.T) {
				disk := servers.SmallDisk(t, size)
				p := open(t, disk)
				mustRun(t, p, options(first.write(t)))
				free := servers.Fill(t, disk, c.left)
				o := options(second.write(t))
				o.LeaseTTL = 3 * time.Second
				result, err := engine.Run(t.Context(), p.dest, o)
				if err == nil || result.Live || !strings.Contains(err.Error(), "disk is full: make room there, then deploy again") {
					t.Fatalf("live %v, %v", result.Live, err)
				}
				for name, want := range first {
					if got := p.read(t)[name]; got != want {
						t.Errorf("%s became %q", name, got)
					}
				}
				free()
				o.LockWait = 10 * time.Second
				mustRun(t, p, o)
				if diff := cmp.Diff(second["about/index.html"], p.read(t)["about/index.html"]); diff != "" {
					t.Error(diff)
				}
			})
		}
	}
}
