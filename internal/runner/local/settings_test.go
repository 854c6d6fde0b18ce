//go:build linux

package local

import (
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestEnvironmentOfARun(t *testing.T) {
	t.Setenv("PRESSRUN_DATABASE_PASSWORD", "of the app")
	t.Setenv("GITHUB_TOKEN", "of a workflow")
	t.Setenv("KEPT", "as it is")
	p := newPlace(t, "env")
	p.settings.Env["PRESSRUN_TO"] = "file:///srv/www"
	b := p.open(t)
	run := b.dispatch(7)
	b.ended(7)
	log := b.log(7)
	for _, want := range []string{
		"KEPT=as it is", "PRESSRUN_SITE=www", "PRESSRUN_RELEASE=7", "PRESSRUN_RUN_ID=" + run.ID, "PRESSRUN_RUN_ATTEMPT=1",
		"PRESSRUN_TOKEN=the-bearer-secret", "PRESSRUN_DISPATCH_TOKEN=" + job(7).Token, "PRESSRUN_TO=file:///srv/www",
		"PRESSRUN_STATE_FILE=" + b.folder(7).file("action.json"), "PRESSRUN_SUPERVISED=true", "PRESSRUN_DIR=" + p.settings.Folder,
	} {
		if !strings.Contains(log, want+"\n") {
			t.Errorf("the action does not see %q", want)
		}
	}
	for _, not := range []string{"of the app", "of a workflow", inheritEnv} {
		if strings.Contains(log, not) {
			t.Errorf("the action sees %q", not)
		}
	}
}

func TestSecretsAreNotOnDiskOrInArguments(t *testing.T) {
	p := newPlace(t, "ps -ewwo args > args; sleep 0.1")
	b := p.open(t)
	b.dispatch(1)
	b.ended(1)
	texts := []string{filepath.Join(p.settings.Folder, "args")}
	err := filepath.WalkDir(b.state, func(path string, d fs.DirEntry, err error) error {
		if err == nil && d.Type().IsRegular() {
			texts = append(texts, path)
			if info, err := d.Info(); err != nil || info.Mode().Perm()&0o077 != 0 {
				t.Errorf("%s is readable by others (%v)", path, err)
			}
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range texts {
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		for _, secret := range []string{"the-bearer-secret", job(1).Token} {
			if strings.Contains(string(text), secret) {
				t.Errorf("%s holds %q", path, secret)
			}
		}
	}
}
