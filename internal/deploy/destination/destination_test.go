package destination_test

import (
	"strings"
	"testing"

	"github.com/pressrun/pressrun/internal/deploy/destination"
)

func TestWhereTheStateLies(t *testing.T) {
	for _, c := range []struct {
		name, address string
		options       destination.Options
		state, kept   string // addresses
		private       string // names that a build may not use
		wrong         string
	}{
		{name: "beside the site", address: "s3://www", state: "s3://www/.pressrun", kept: "s3://www/.pressrun/content/", private: ".pressrun/"},
		{name: "under a prefix of its own", address: "s3://www/en", options: destination.Options{StatePrefix: "deploy"}, state: "s3://www/en/deploy", kept: "s3://www/en/deploy/content/", private: "deploy/"},
		{name: "in another bucket", address: "s3://www", options: destination.Options{State: "s3://private/www"}, state: "s3://private/www", kept: "s3://private/www/content/"},
		{name: "elsewhere in the bucket", address: "s3://b/www", options: destination.Options{State: "s3://b/state"}, state: "s3://b/state", kept: "s3://b/state/content/"},
		{name: "an address inside of the site", address: "s3://b", options: destination.Options{State: "s3://b/state"}, state: "s3://b/state", kept: "s3://b/state/content/", private: "state/"},
		{name: "a name that only begins like the site's", address: "s3://b/www", options: destination.Options{State: "s3://b/www-state"}, state: "s3://b/www-state", kept: "s3://b/www-state/content/"},
		{name: "the site's own address", address: "s3://b/www", options: destination.Options{State: "s3://b/www/"}, wrong: "in its own state"},
		{name: "an address around the site", address: "s3://b/content", options: destination.Options{State: "s3://b"}, wrong: "in its own state"},
		{name: "two ways to say it", address: "s3://b", options: destination.Options{State: "s3://c", StatePrefix: "d"}, wrong: "not both"},
		{name: "a folder's, in a bucket", address: "file:///srv/www", options: destination.Options{State: "s3://c"}, wrong: "is for s3:// destinations"},
		{name: "no bucket's address", address: "s3://b", options: destination.Options{State: "/tmp"}, wrong: "not an s3:// address"},
	} {
		t.Run(c.name, func(t *testing.T) {
			c.options.Region, c.options.AccessKey, c.options.SecretKey = "us-east-1", "a", "s"
			dest, err := destination.Open(t.Context(), c.address, c.options)
			if c.wrong != "" {
				if err == nil || !strings.Contains(err.Error(), c.wrong) {
					t.Fatalf("got %v, want it to say %q", err, c.wrong)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if got := dest.State.String(); got != c.state {
				t.Errorf("state at %s, want %s", got, c.state)
			}
			if got := dest.KeptStore().String() + "/" + dest.KeptPrefix; got != c.kept {
				t.Errorf("content is kept at %s, want %s", got, c.kept)
			}
			if got := dest.ReservedPrefix(); got != c.private {
				t.Errorf("reserved names %q, want %q", got, c.private)
			}
		})
	}
}

func TestAnAddressThatIsMistypedSaysHowToWriteIt(t *testing.T) {
	for _, c := range []struct{ address, want string }{
		{"www", `neither s3://BUCKET[/PREFIX] nor file:///ABSOLUTE/FOLDER`},
		{"/srv/www", "to deploy to that folder, write file:///srv/www"},
		{"./www", "to deploy to that folder, write file:///"},
		{"file:./www", "to deploy to that folder, write file:///"},
		{"file:www", "neither s3://BUCKET"},
		{"file://www", "with three slashes"},
		{"s3:/www", "write s3://BUCKET or s3://BUCKET/PREFIX"},
		{"S3://www", "write s3://BUCKET or s3://BUCKET/PREFIX"},
		{"s3://www/../private", `a part ".."`},
		{"s3://www/./en", `a part "."`},
	} {
		_, err := destination.Open(t.Context(), c.address, destination.Options{Region: "us-east-1", AccessKey: "a", SecretKey: "s"})
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: got %v, want it to say %q", c.address, err, c.want)
		}
	}
}
