package engine_test

import (
	"errors"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/pressrun/pressrun/internal/deploy"
	"github.com/pressrun/pressrun/internal/deploy/audit"
	"github.com/pressrun/pressrun/internal/deploy/engine"
	"github.com/pressrun/pressrun/internal/deploy/guard"
	"github.com/pressrun/pressrun/internal/deploy/plan"
	"github.com/pressrun/pressrun/internal/deploy/rules"
	"github.com/pressrun/pressrun/internal/deploy/store"
	"github.com/pressrun/pressrun/test/fakes3"
)

func TestWhatABucketHoldsIsAdoptedPlainOrCompressed(t *testing.T) {
	b := newBucket(t)
	mustRun(t, b.place, options(wordy().write(t)))
	forget(t, b)
	r := mustRun(t, b.place, compressed(t, wordy())) // plain files of our content: not foreign
	if diff := cmp.Diff(plan.Counts{Content: 22, Unchanged: 2}, r.Counts); diff != "" {
		t.Error(diff)
	}
	forget(t, b)
	r = mustRun(t, b.place, compressed(t, wordy()))
	if r.Counts.Unchanged != 24 || r.Uploaded != 0 {
		t.Errorf("compressed files in the bucket: %+v", r.Counts)
	}
	forget(t, b)
	if _, err := engine.Run(t.Context(), b.dest, compressed(t, wordy().with("p01.html", page("others'")))); err == nil || !strings.Contains(err.Error(), guard.ForeignFiles) {
		t.Errorf("another's page: %v", err)
	}
}

func TestACompressedDeployThatDiesIsFinishedWithoutSendingTwice(t *testing.T) {
	b := newBucket(t)
	var puts atomic.Int64
	b.Before = func(r *http.Request) *fakes3.Fault {
		if r.Method == http.MethodPut && strings.Contains(r.URL.Path, "/p") {
			if puts.Add(1) > 10 {
				return &fakes3.Fault{Status: http.StatusForbidden, Code: "AccessDenied"}
			}
		}
		return nil
	}
	if _, err := engine.Run(t.Context(), b.dest, compressed(t, wordy())); err == nil {
		t.Fatal("the deploy did not die")
	}
	b.Before = nil
	mustRun(t, b.place, compressed(t, wordy()))
	if diff := cmp.Diff(wordy(), b.read(t)); diff != "" || b.Resent() != 0 {
		t.Errorf("%d bytes were sent twice\n%s", b.Resent(), diff)
	}
}

func TestAnUpgradeOfTheCompressorSendsNothing(t *testing.T) {
	b := newBucket(t)
	build := wordy().write(t)
	o := options(build)
	o.Rules = gzipped
	o.Rules.Headers = []rules.HeaderRule{{Match: "p07.html", Set: map[string]string{"x-amz-meta-a": "1"}}}
	mustRun(t, b.place, o)
	upgrade(t, b, "p07.html")
	if r := mustRun(t, b.place, o); r.Counts.Unchanged != 24 || r.Uploaded != 0 {
		t.Fatalf("%+v", r.Counts)
	}
	// A header that is taken away is the one case where an unchanged file is sent
	// again, and then as it is compressed now.
	o.Rules = gzipped
	r := mustRun(t, b.place, o)
	if diff := cmp.Diff(plan.Counts{Headers: 1, Unchanged: 23}, r.Counts); diff != "" || r.Uploaded != 1 {
		t.Errorf("%d sent\n%s", r.Uploaded, diff)
	}
	if diff := cmp.Diff(wordy(), b.read(t)); diff != "" {
		t.Error(diff)
	}
	if audit, err := audit.Run(t.Context(), b.dest, "www"); err != nil || !audit.Clean() {
		t.Errorf("%+v, %v", audit, err)
	}
	if r := mustRun(t, b.place, o); r.Counts.Unchanged != 24 {
		t.Errorf("and again: %+v", r.Counts)
	}
}

func TestACompressedFileThatSomebodyDeletedIsSentAgain(t *testing.T) {
	b := newBucket(t)
	o := compressed(t, wordy())
	mustRun(t, b.place, o)
	upgrade(t, b, "p07.html")
	if err := errors.Join(b.dest.Site.Delete(t.Context(), []store.Deletion{{Key: "p07.html"}})...); err != nil {
		t.Fatal(err)
	}
	o.Rules.Headers = []rules.HeaderRule{{Match: "p07.html", Set: map[string]string{"x-amz-meta-a": "1"}}}
	mustRun(t, b.place, o) // a change of headers, by a copy of what is not there
	if diff := cmp.Diff(wordy(), b.read(t)); diff != "" {
		t.Error(diff)
	}
	if r := mustRun(t, b.place, o); r.Counts.Unchanged != 24 {
		t.Errorf("and again: %+v", r.Counts)
	}
}

func TestAPlanOfCompressedFilesIsCarriedOutAsLookedAt(t *testing.T) {
	b := newBucket(t)
	o := compressed(t, wordy())
	var last deploy.Event
	dry := o
	dry.DryRun = true
	dry.Progress = func(e deploy.Event) {
		if e.Phase == "compressing" {
			last = e
		}
	}
	looked, err := engine.Run(t.Context(), b.dest, dry)
	if err != nil || looked.UploadedBytes >= looked.Bytes || looked.Compressed.Files != 22 {
		t.Fatalf("%d of %d bytes would be sent, %v", looked.UploadedBytes, looked.Bytes, err)
	}
	if last.Done != 23 || last.Total != 23 || last.Bytes != last.TotalBytes || last.All != (deploy.Amount{}) {
		t.Errorf("progress ends with %+v", last)
	}
	o.Expected = &engine.ExpectedPlan{Parent: looked.Parent, Digest: looked.PlanDigest}
	if r := mustRun(t, b.place, o); r.UploadedBytes != looked.UploadedBytes {
		t.Errorf("%d bytes sent, %d planned", r.UploadedBytes, looked.UploadedBytes)
	}
}
