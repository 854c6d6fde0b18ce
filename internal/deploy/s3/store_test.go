package s3_test

import (
	"fmt"
	"net/http/httptest"
	"os"
	"testing"

	"github.com/pressrun/pressrun/internal/deploy/s3"
	"github.com/pressrun/pressrun/internal/deploy/store"
	"github.com/pressrun/pressrun/internal/deploy/storetest"
	"github.com/pressrun/pressrun/test/fakes3"
	"github.com/pressrun/pressrun/test/servers"
)

func open(t *testing.T, bucket string, o s3.Options) store.Store {
	t.Helper()
	store, err := s3.Open(t.Context(), bucket, "some/prefix", o)
	if err != nil {
		t.Fatal(err)
	}
	return store
}

func TestVersityGWKeepsTheContract(t *testing.T) {
	gw := servers.StartVersityGW(t)
	storetest.Run(t, storetest.Features{}, func(t *testing.T) store.Store {
		t.Helper()
		dir, err := os.MkdirTemp(gw.Data, "bucket-") //nolint:usetesting // the server's own folder
		if err != nil {
			t.Fatal(err)
		}
		return open(t, dir[len(gw.Data)+1:], s3.Options{Endpoint: gw.Endpoint, AccessKey: gw.AccessKey, SecretKey: gw.SecretKey})
	})
}

// Opt-in: make test-minio.
func TestMinIOKeepsTheContract(t *testing.T) {
	minio, n := servers.StartMinIO(t), 0
	storetest.Run(t, storetest.Features{BlindDeletes: true}, func(t *testing.T) store.Store {
		t.Helper()
		n++
		bucket := fmt.Sprintf("bucket-%d", n)
		minio.Bucket(t, bucket)
		return open(t, bucket, s3.Options{Endpoint: minio.Endpoint, AccessKey: minio.AccessKey, SecretKey: minio.SecretKey})
	})
}

func TestTheFakeKeepsTheContract(t *testing.T) {
	storetest.Run(t, storetest.Features{}, func(t *testing.T) store.Store {
		t.Helper()
		fake := &fakes3.Server{}
		fake.Bucket("b", nil)
		server := httptest.NewServer(fake)
		t.Cleanup(server.Close)
		return open(t, "b", s3.Options{Endpoint: server.URL, AccessKey: "a", SecretKey: "s"})
	})
}

func TestTheFakeWithoutANetworkKeepsTheContract(t *testing.T) {
	storetest.Run(t, storetest.Features{}, func(t *testing.T) store.Store {
		t.Helper()
		fake := &fakes3.Server{}
		fake.Bucket("b", nil)
		return open(t, "b", s3.Options{Endpoint: "http://fake", AccessKey: "a", SecretKey: "s", HTTPClient: fake})
	})
}
