package engine_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/pressrun/pressrun/internal/deploy/engine"
	"github.com/pressrun/pressrun/internal/deploy/s3"
	"github.com/pressrun/pressrun/internal/deploy/store"
	"github.com/pressrun/pressrun/test/servers"
)

// javadoc is a site with the shape of a JDK's documentation, with which MinIO was seen
// to leave keys out when it is asked for what comes after one: four pages of them, in
// folders one of whose names goes on where the other's ends, with a sign that comes
// before the slash (java.xml.crypto/ is before java.xml/). Which keys are left out
// depends on what MinIO has cached; the store in memory does it each time.
func javadoc() site {
	s := site{"index.html": "home"}
	for m := range 12 {
		module := fmt.Sprintf("java.m%02d", m/2) + []string{"", ".more"}[m%2]
		s[module+"/module-summary.html"] = "module " + module
		for p := range 10 {
			folder := fmt.Sprintf("%s/java/p%02d", module, p/2) + []string{"", "-a"}[p%2]
			s[folder+"/package-summary.html"] = "package " + folder
			for c := range 16 {
				class := fmt.Sprintf("%s/C%02d", folder, c)
				s[class+".html"] = "class " + class
				s[fmt.Sprintf("%s/class-use/C%02d.html", folder, c)] = "uses " + class
			}
		}
	}
	return s
}

// Opt-in: make test-minio. It is what TestAStoreThatSkipsKeysIsAuditedAndRepairedAsItIs
// has of a store in memory, with MinIO itself.
func TestAnAuditOfMinIOTellsWhatIsThere(t *testing.T) {
	minio := servers.StartMinIO(t, "site")
	st, err := s3.Open(t.Context(), "site", "", s3.Options{Endpoint: minio.Endpoint, AccessKey: minio.AccessKey, SecretKey: minio.SecretKey})
	if err != nil {
		t.Fatal(err)
	}
	dest := store.Destination{Site: st, State: st.Sub(".pressrun/"), StatePrefix: ".pressrun/", KeptPrefix: ".pressrun/content/"}
	o := options(javadoc().write(t))
	o.LeaseTTL = time.Minute
	r, err := engine.Run(t.Context(), dest, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("%d files sent; MinIO lacks %q; %q", r.Uploaded, r.MissingCapabilities, r.Warnings)
	foreign := []string{}
	for i := range 8 {
		name := fmt.Sprintf("java.m%02d/java/p%02d/zz-theirs.txt", i/2, i%2)
		foreign = append(foreign, name)
		if _, err := st.Put(t.Context(), store.SmallPut(name, "content-type: text/plain\n", []byte("x"), store.Condition{})); err != nil {
			t.Fatal(err)
		}
	}
	if a := audited(t, dest); !a.Clean() || !slices.Equal(a.Foreign, foreign) {
		t.Errorf("missing %q, changed %q, foreign %q", a.Missing, a.Changed, a.Foreign)
	}
	o.Repair = true
	if r, err := engine.Run(t.Context(), dest, o); err != nil || r.Uploaded != 0 {
		t.Errorf("a repair of what is whole sent %d files, %v", r.Uploaded, err)
	}
	gone := []string{"index.html", "java.m03/java/p03/C05.html", "java.m03/module-summary.html"}
	for i, err := range st.Delete(t.Context(), []store.Deletion{{Key: gone[0]}, {Key: gone[1]}, {Key: gone[2]}}) {
		if err != nil {
			t.Fatal(gone[i], err)
		}
	}
	if a := audited(t, dest); !slices.Equal(a.Missing, gone) || len(a.Changed) > 0 {
		t.Errorf("missing %q, changed %q", a.Missing, a.Changed)
	}
	if r, err := engine.Run(t.Context(), dest, o); err != nil || r.Uploaded != len(gone) || !audited(t, dest).Clean() {
		t.Errorf("the repair sent %d files, %v", r.Uploaded, err)
	}
}

// Opt-in, too. Adoption looks at what is there instead of sending it again, and names
// others' files one and all.
func TestAFirstDeployIntoMinIOKnowsAllFiles(t *testing.T) {
	minio := servers.StartMinIO(t, "site")
	st, err := s3.Open(t.Context(), "site", "", s3.Options{Endpoint: minio.Endpoint, AccessKey: minio.AccessKey, SecretKey: minio.SecretKey})
	if err != nil {
		t.Fatal(err)
	}
	dest := store.Destination{Site: st, State: st.Sub(".pressrun/"), StatePrefix: ".pressrun/", KeptPrefix: ".pressrun/content/"}
	o := options(javadoc().write(t))
	o.LeaseTTL = time.Minute
	if _, err := engine.Run(t.Context(), dest, o); err != nil {
		t.Fatal(err)
	}
	// The state is lost: nobody knows any more whose files these are.
	var state []store.Deletion
	err = st.List(t.Context(), ".pressrun/", func(i store.Info) error {
		state = append(state, store.Deletion{Key: i.Key})
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, err := range st.Delete(t.Context(), state) {
		if err != nil {
			t.Fatal(err)
		}
	}
	r, err := engine.Run(t.Context(), dest, o)
	if err != nil || r.Uploaded != 0 {
		t.Errorf("the same files: sent %d, %v; %s", r.Uploaded, err, strings.Join(r.Warnings, "; "))
	}
}
