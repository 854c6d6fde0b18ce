package deploy_test

import (
	"fmt"
	"net/http"
	"testing"
	"testing/synctest"

	"github.com/pressrun/pressrun/internal/deploy/destination"
	"github.com/pressrun/pressrun/internal/deploy/engine"
	"github.com/pressrun/pressrun/internal/deploy/s3"
	"github.com/pressrun/pressrun/internal/deploy/store"
	"github.com/pressrun/pressrun/test/fakes3"
)

const privateBucket = "private"

// keeping is one way to keep what releases replaced.
type keeping struct {
	name      string
	versioned bool
	elsewhere bool // the state and the content lie in another bucket
}

func (k keeping) open(t testing.TB, d *door) store.Destination {
	t.Helper()
	dest := d.open(t)
	if !k.elsewhere {
		return dest
	}
	state, err := s3.Open(t.Context(), privateBucket, "", s3.Options{
		Endpoint: "http://store", Region: "us-east-1", AccessKey: "a", SecretKey: "s", HTTPClient: d,
	})
	if err != nil {
		t.Fatal(err)
	}
	return store.Destination{Site: dest.Site, State: state, Kept: state, KeptPrefix: destination.KeptPrefix}
}

// TestRollbacksAreStoppedAnywhere: a rollback is stopped at request k, in every
// way, and is then run again, and undone. Whichever way the content of a release
// is kept, the site is never torn and both releases stay whole.
func TestRollbacksAreStoppedAnywhere(t *testing.T) {
	v1, v2 := makeBuild(t, fewPages, 1), makeBuild(t, fewPages, 2)
	for _, keep := range []keeping{{name: "copies"}, {name: "copies elsewhere", elsewhere: true}, {name: "versions", versioned: true}} {
		sum := &tally{}
		synctest.Test(t, func(t *testing.T) {
			server := &fakes3.Server{Versioned: keep.versioned}
			server.Bucket(bucket, nil)
			server.Bucket(privateBucket, nil)
			for _, b := range []build{v1, v2} {
				if _, err := engine.Run(t.Context(), keep.open(t, &door{server: server}), options(b)); err != nil {
					t.Fatal(err)
				}
			}
			base, private := server.Objects(bucket), server.Objects(privateBucket)
			server.Changed = visit(t, sum, v1, v2).look
			counting := &door{server: server}
			if _, err := engine.Rollback(t.Context(), keep.open(t, counting), 1, options(build{})); err != nil {
				t.Fatal(err)
			}
			step := int64(47)
			if *all {
				step = 1
			}
			for _, kind := range kinds {
				for k := int64(1); k <= counting.number.Load(); k += step {
					server.Changed = nil
					server.Bucket(bucket, base)
					server.Bucket(privateBucket, private)
					server.Changed = visit(t, sum, v1, v2).look
					cutRollback(t, sum, server, keep, kind, k, v1, v2)
				}
			}
		})
		fmt.Printf("rollbacks by %s: cut_points=%d torn=%d astray=%d unrecovered=%d survivors_failed=%d recovered=%d\n",
			keep.name, sum.cuts, sum.torn, sum.astray, sum.unrecovered, sum.survivorsFailed, sum.recover)
		if sum.torn+sum.astray+sum.unrecovered+sum.survivorsFailed > 0 || sum.recover == 0 {
			t.Fail()
		}
	}
}

func cutRollback(t *testing.T, sum *tally, server *fakes3.Server, keep keeping, kind kind, k int64, v1, v2 build) {
	t.Helper()
	sum.cuts++
	where := fmt.Sprintf("by %s: %s %d", keep.name, kind.name, k)
	d := &door{server: server, fault: func(n int64, r *http.Request) *fakes3.Fault { return kind.fault(k, n, r) }}
	result, err := engine.Rollback(t.Context(), keep.open(t, d), 1, options(build{}))
	if kind.survives && (err != nil || len(result.Warnings) > 0) {
		sum.survivorsFailed++
		t.Errorf("%s: %v %q", where, err, result.Warnings)
	}
	if found := torn(server.Objects(bucket)); len(found) > 0 {
		sum.torn += len(found)
		t.Errorf("%s: torn: %v", where, found)
	}
	for release, want := range []build{v1, v2} {
		if _, err := engine.Rollback(t.Context(), keep.open(t, &door{server: server}), int64(release+1), options(build{})); err != nil {
			sum.unrecovered++
			t.Errorf("%s: to release %d: %v", where, release+1, err)
			return
		}
		if err := holds(server.Objects(bucket), want); err != nil {
			sum.unrecovered++
			t.Errorf("%s: at release %d: %v", where, release+1, err)
		}
	}
	sum.recover++
}
