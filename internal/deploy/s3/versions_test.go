package s3_test

import (
	"os"
	"testing"

	"github.com/pressrun/pressrun/internal/deploy/s3"
	"github.com/pressrun/pressrun/internal/deploy/store"
	"github.com/pressrun/pressrun/internal/deploy/storetest"
	"github.com/pressrun/pressrun/test/fakes3"
	"github.com/pressrun/pressrun/test/servers"
)

func versioner(t *testing.T, bucket string, o s3.Options) store.Versioner {
	t.Helper()
	store, ok := open(t, bucket, o).(store.Versioner)
	if !ok {
		t.Fatal("an S3 store knows nothing of versions")
	}
	return store
}

func TestVersityGWKeepsVersions(t *testing.T) {
	gw := servers.StartVersioningGW(t)
	storetest.RunVersions(t, func(t *testing.T) (store.Versioner, func(bool)) {
		t.Helper()
		dir, err := os.MkdirTemp(gw.Data, "bucket-") //nolint:usetesting // the server's own folder
		if err != nil {
			t.Fatal(err)
		}
		bucket := dir[len(gw.Data)+1:]
		store := versioner(t, bucket, s3.Options{Endpoint: gw.Endpoint, AccessKey: gw.AccessKey, SecretKey: gw.SecretKey})
		return store, func(on bool) { gw.KeepVersions(t, bucket, on) }
	})
}

func TestTheFakeKeepsVersions(t *testing.T) {
	storetest.RunVersions(t, func(t *testing.T) (store.Versioner, func(bool)) {
		t.Helper()
		fake := &fakes3.Server{}
		fake.Bucket("b", nil)
		store := versioner(t, "b", s3.Options{Endpoint: "http://fake", AccessKey: "a", SecretKey: "s", HTTPClient: fake})
		return store, func(on bool) { fake.Versioned = on }
	})
}

func TestABucketWithVersionsKeepsTheContract(t *testing.T) {
	gw := servers.StartVersioningGW(t)
	storetest.Run(t, storetest.Features{}, func(t *testing.T) store.Store {
		t.Helper()
		dir, err := os.MkdirTemp(gw.Data, "bucket-") //nolint:usetesting // the server's own folder
		if err != nil {
			t.Fatal(err)
		}
		bucket := dir[len(gw.Data)+1:]
		gw.KeepVersions(t, bucket, true)
		return open(t, bucket, s3.Options{Endpoint: gw.Endpoint, AccessKey: gw.AccessKey, SecretKey: gw.SecretKey})
	})
}
