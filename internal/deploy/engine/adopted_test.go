package engine_test

import (
	"crypto/md5"
	"encoding/hex"
	"errors"
	"slices"
	"testing"

	"github.com/pressrun/pressrun/internal/deploy/engine"
	"github.com/pressrun/pressrun/internal/deploy/guard"
	"github.com/pressrun/pressrun/test/fakes3"
)

// Older tools sent no CRC: what they left is known by its MD5.
func TestAFileWithoutACRCIsAdoptedByItsMD5(t *testing.T) {
	server := &fakes3.Server{Lacks: fakes3.Lacks{Checksums: true}}
	dest := fake(t, server)
	objects := map[string]fakes3.Object{}
	for name, body := range small() {
		objects[name] = fakes3.Object{Body: []byte(body), ETag: md5Tag(body)}
	}
	server.Bucket("b", objects)
	r, err := engine.Run(t.Context(), dest, options(small().write(t)))
	if err != nil || r.Uploaded != 0 || !r.Live {
		t.Fatalf("the first deploy over the same files sent %d: %v", r.Uploaded, err)
	}

	// The same size, and other content: somebody else's.
	other := small().with("news/index.html", "swen")
	objects["news/index.html"] = fakes3.Object{Body: []byte("swen"), ETag: md5Tag("swen")}
	server.Bucket("b", objects)
	_, err = engine.Run(t.Context(), dest, options(small().write(t)))
	var g *guard.Error
	if !errors.As(err, &g) || !slices.Equal(g.Names(), []string{guard.ForeignFiles}) || !slices.Equal(g.Violations[0].Paths, []string{"news/index.html"}) {
		t.Fatalf("over another's file: %v", err)
	}
	if got := server.Objects("b")["news/index.html"]; string(got.Body) != other["news/index.html"] {
		t.Errorf("another's file is %q now", got.Body)
	}
}

func md5Tag(body string) string {
	sum := md5.Sum([]byte(body))
	return `"` + hex.EncodeToString(sum[:]) + `"`
}
