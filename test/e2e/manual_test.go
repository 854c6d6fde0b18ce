package e2e

import (
	"bytes"
	"context"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"github.com/pressrun/pressrun/internal/api"
	"github.com/pressrun/pressrun/internal/release"
	"github.com/pressrun/pressrun/test/servers"
)

// manual is where Debian's postgresql-doc-15 puts the PostgreSQL 15 manual.
const manual = "/usr/share/doc/postgresql-doc-15/html"

// TestThePostgreSQLManualIsReleasedToS3 is the main job on real input: about
// 1,200 pages from a request to a bucket, then one page changed, then one
// removed.
func TestThePostgreSQLManualIsReleasedToS3(t *testing.T) {
	if _, err := os.Stat(filepath.Join(manual, "index.html")); err != nil {
		servers.Missing(t, "the PostgreSQL 15 manual", "apt-get install postgresql-doc-15")
	}
	gw := servers.StartVersityGW(t, "manual")
	t.Setenv("AWS_ACCESS_KEY_ID", gw.AccessKey)
	t.Setenv("AWS_SECRET_ACCESS_KEY", gw.SecretKey)
	source := t.TempDir()
	if err := os.CopyFS(filepath.Join(source, "html"), os.DirFS(manual)); err != nil {
		t.Fatal(err)
	}
	app := serve(t, "manual", map[string]any{
		"title":  "PostgreSQL 15",
		"source": map[string]any{"folder": source},
		"build":  map[string]any{"command": "rm -rf out && cp -R html out", "output": "out"},
		"deploy": map[string]any{"to": "s3://manual/docs/15", "endpoint": gw.Endpoint, "region": servers.Region},
	})
	bucket := s3.New(s3.Options{
		Region: servers.Region, BaseEndpoint: aws.String(gw.Endpoint), UsePathStyle: true,
		Credentials: credentials.NewStaticCredentialsProvider(gw.AccessKey, gw.SecretKey, ""),
	})

	first := app.release(t, "manual", api.RequestInput{Source: release.FromEditor, Actor: "Ada", Title: "PostgreSQL 15"})
	files := compare(t, bucket, filepath.Join(source, "html"))
	if files < 1000 {
		t.Errorf("only %d files: this is not the manual", files)
	}
	if m := first.Metrics; m == nil || m.Uploaded != int64(files) || m.Deleted != 0 {
		t.Errorf("the first release measured %+v, want %d uploads", m, files)
	}
	for _, state := range []*time.Time{first.Times.Requested, first.Times.Dispatched, first.Times.Starting, first.Times.InProgress, first.Times.Complete, first.Times.Ended} {
		if state == nil {
			t.Errorf("a state was not seen: %+v", first.Times)
		}
	}

	page := filepath.Join(source, "html", "sql-select.html")
	text, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(page, bytes.Replace(text, []byte("<body"), []byte("<!-- corrected --><body"), 1), 0o600); err != nil {
		t.Fatal(err)
	}
	second := app.release(t, "manual", api.RequestInput{Source: release.FromContent, Title: "SELECT"})
	if m := second.Metrics; m == nil || m.Uploaded != 1 || m.Deleted != 0 || m.Unchanged != int64(files-1) {
		t.Errorf("one page changed: %+v, want exactly one upload", m)
	}
	compare(t, bucket, filepath.Join(source, "html"))

	if err := os.Remove(filepath.Join(source, "html", "sql-values.html")); err != nil {
		t.Fatal(err)
	}
	third := app.release(t, "manual", api.RequestInput{Source: release.FromContent, Title: "VALUES"})
	if m := third.Metrics; m == nil || m.Uploaded != 0 || m.Deleted != 1 {
		t.Errorf("one page removed: %+v, want exactly one delete", m)
	}
	if left := compare(t, bucket, filepath.Join(source, "html")); left != files-1 {
		t.Errorf("%d files are left of %d", left, files)
	}
}

// compare reads the whole bucket back and holds it, byte for byte and with its
// headers, against the built site. It returns how many files there are.
func compare(t *testing.T, bucket *s3.Client, site string) int {
	t.Helper()
	stored := list(t, bucket)
	files := 0
	err := filepath.WalkDir(site, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		rel, err := filepath.Rel(site, path)
		if err != nil {
			return err
		}
		files++
		key := "docs/15/" + filepath.ToSlash(rel)
		delete(stored, key)
		return same(t.Context(), t, bucket, key, path)
	})
	if err != nil {
		t.Fatal(err)
	}
	for key := range stored {
		if !strings.HasPrefix(key, "docs/15/.pressrun/") && key != "docs/15/pressrun-release.json" {
			t.Errorf("the bucket holds %s, which the site does not have", key)
		}
	}
	return files
}

func list(t *testing.T, bucket *s3.Client) map[string]bool {
	t.Helper()
	keys := map[string]bool{}
	pages := s3.NewListObjectsV2Paginator(bucket, &s3.ListObjectsV2Input{Bucket: aws.String("manual")})
	for pages.HasMorePages() {
		page, err := pages.NextPage(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		for _, o := range page.Contents {
			keys[aws.ToString(o.Key)] = true
		}
	}
	return keys
}

func same(ctx context.Context, t *testing.T, bucket *s3.Client, key, path string) error {
	t.Helper()
	want, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	o, err := bucket.GetObject(ctx, &s3.GetObjectInput{Bucket: aws.String("manual"), Key: aws.String(key)})
	if err != nil {
		t.Errorf("%s: %v", key, err)
		return nil
	}
	defer o.Body.Close()
	var got bytes.Buffer
	if _, err := got.ReadFrom(o.Body); err != nil {
		return err
	}
	if !bytes.Equal(got.Bytes(), want) {
		t.Errorf("%s: its bytes differ", key)
	}
	types := map[string]string{
		".html": "text/html; charset=utf-8", ".css": "text/css; charset=utf-8", ".svg": "image/svg+xml; charset=utf-8", ".png": "image/png", ".gif": "image/gif",
	}
	if want, ok := types[filepath.Ext(path)]; !ok || !strings.EqualFold(aws.ToString(o.ContentType), want) {
		t.Errorf("%s: content type %q, want %q", key, aws.ToString(o.ContentType), want)
	}
	if aws.ToString(o.CacheControl) == "" {
		t.Errorf("%s: no Cache-Control", key)
	}
	return nil
}
