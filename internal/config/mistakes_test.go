package config_test

import (
	"crypto/sha256"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/pressrun/pressrun/internal/config"
)

func TestPlaceholdersAndHashesOfWordsAreRefused(t *testing.T) {
	of := func(token string) string { return fmt.Sprintf("%x", sha256.Sum256([]byte(token))) }
	for hash, want := range map[string]string{
		of("test1"): "a word that is guessed first", of("secret"): "guessed first", of("Password123"): "guessed first", of("changeme"): "guessed first", of("hunter\n"): "",
		of("operator"): "guessed first", of("ADMIN"): "guessed first", of("letmein!"): "guessed first", of("secret\n"): "guessed first", of("Summer2026"): "guessed first", of("prt_QZ7K3F5WJY2MNB4XAVT6"): "",
		"PUT-A-HASH-HERE": "is a placeholder", "<hash>": "is a placeholder", "…": "is not the hash", strings.Repeat("a", 64): "is a placeholder", strings.Repeat("0", 64): "is a placeholder",
		"0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef": "is a placeholder", "8f2a5c1d0e4b79638a1c2d3e4f5061728394a5b6c7d8e9f00112233445566778": "is a placeholder",
		of(""): "is not the hash",
	} {
		text := "tokens:\n  - {name: ada, role: operator, sha256: \"" + hash + "\"}\nsites:\n  www: {runner: local, source: {folder: f}, build: {output: public}, deploy: {to: live}}\n"
		_, err := config.Parse("pressrun.yaml", "/etc/pressrun", []byte(text))
		if got := fmt.Sprint(err); (want == "") != (err == nil) || !strings.Contains(got, want) {
			t.Errorf("%s: got %v, want an error with %q", hash, err, want)
		} else if err != nil && !strings.HasPrefix(got, "pressrun.yaml:2:") {
			t.Errorf("%s: the place is %s", hash, got)
		}
	}
}

// TestSlipsOfThePenAreFoundBeforeTheFirstRelease loads configurations with one
// mistake each, in a folder that has a frontend.
func TestSlipsOfThePenAreFoundBeforeTheFirstRelease(t *testing.T) {
	folder := t.TempDir()
	for name, text := range map[string]string{"front/build.sh": "#!/bin/sh\n", "front/readme.txt": "", "good.json": "{}", "bad.json": `{"header": []}`, "empty": " \n"} {
		file := filepath.Join(folder, name)
		if err := os.MkdirAll(filepath.Dir(file), 0o750); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Chmod(filepath.Join(folder, "front/build.sh"), 0o700); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ name, site, top, want string }{
		{"all is well", "{runner: local, source: {folder: front}, build: {command: ./build.sh --all, output: public}, deploy: {to: live, rules: good.json}}", "", ""},
		{"the output itself", "{runner: local, source: {folder: front}, build: {output: public}, deploy: {to: front/public}}", "", "would go live while it is being built"},
		{"within the output", "{runner: local, source: {folder: front}, build: {output: public}, deploy: {to: front/public/live}}", "", "would go live while it is being built"},
		{"around the output", "{runner: local, source: {folder: front}, build: {output: a/public}, deploy: {to: front/a}}", "", "would go live while it is being built"},
		{"no folder", "{runner: local, source: {folder: frnt}, build: {output: public}, deploy: {to: live}}", "", "there is no folder " + folder + "/frnt"},
		{"a file as folder", "{runner: local, source: {folder: good.json}, build: {output: public}, deploy: {to: live}}", "", "good.json is a file"},
		{"no repository", "{runner: local, source: {git: ./repo}, build: {output: public}, deploy: {to: live}}", "", "there is no folder " + folder + "/repo"},
		{"no script", "{runner: local, source: {folder: front}, build: {command: ./bild.sh, output: public}, deploy: {to: live}}", "", "there is no " + folder + "/front/bild.sh"},
		{"a script that can't run", "{runner: local, source: {folder: front}, install: {command: ./readme.txt}, build: {output: public}, deploy: {to: live}}", "", "is not executable"},
		{"rules that are none", "{runner: local, source: {folder: front}, build: {output: public}, deploy: {to: live, rules: bad.json}}", "", "bad.json can't be used"},
		{"rules that are gone", "{runner: local, source: {folder: front}, build: {output: public}, deploy: {to: live, rules: gone.json}}", "", "gone.json can't be used"},
		{"an empty secret", "{runner: local, url: 'https://www.example.gov', source: {folder: front}, build: {output: public}, deploy: {to: live, cdn: {address: 'fastly:S', secret_file: empty}}}", "", "empty is empty"},
		{"a hook's secret", "{runner: local, source: {folder: front}, build: {output: public}, deploy: {to: live}, hooks: [{name: a, dialect: ghost, secret_file: good.json}]}", "", ""},
		{"a hook's secret that is gone", "{runner: local, source: {folder: front}, build: {output: public}, deploy: {to: live}, hooks: [{name: a, dialect: ghost, secret_file: gone}]}", "", "hooks[0].secret_file: the secret can't be read"},
		{"a hook's secret that is empty", "{runner: local, source: {folder: front}, build: {output: public}, deploy: {to: live}, hooks: [{name: a, dialect: ghost, secret_file: empty}]}", "", "empty is empty"},
		{"an export", "{runner: local, source: {folder: front}, build: {command: ./build.sh, export: 'https://cms.example.gov', export_kind: wordpress, export_token_file: good.json, output: public}, deploy: {to: live}}", "", ""},
		{"an export by a file", "{runner: local, source: {folder: front}, build: {command: ./build.sh, export: cms.yaml, output: public}, deploy: {to: live}}", "", ""},
		{"an export of no kind", "{runner: local, source: {folder: front}, build: {command: ./build.sh, export: 'https://cms.example.gov', output: public}, deploy: {to: live}}", "", "expected sites.www.build.export_kind beside it"},
		{"an export of another kind", "{runner: local, source: {folder: front}, build: {command: ./build.sh, export: 'https://cms.example.gov', export_kind: joomla, output: public}, deploy: {to: live}}", "", "joomla"},
		{"an export of an address that is none", "{runner: local, source: {folder: front}, build: {command: ./build.sh, export: 'ftp://cms.example.gov', export_kind: wordpress, output: public}, deploy: {to: live}}", "", "the address of the CMS is no web address"},
		{"an export that nothing reads", "{runner: local, source: {folder: front}, build: {export: cms.yaml, output: public}, deploy: {to: live}}", "", "nothing would read the copy"},
		{"a copy of nothing", "{runner: local, source: {folder: front}, build: {command: ./build.sh, export_to: content, output: public}, deploy: {to: live}}", "", "nothing is copied"},
		{"an export's credential that is gone", "{runner: local, source: {folder: front}, build: {command: ./build.sh, export: cms.yaml, export_token_file: gone, output: public}, deploy: {to: live}}", "", "build.export_token_file: the secret can't be read"},
		{"the whole source", "{runner: local, source: {folder: front}, build: {command: ./build.sh, output: .}, deploy: {to: live}}", "", "the whole source would be published"},
		{"a bucket without scheme", "{runner: local, source: {folder: front}, build: {output: public}, deploy: {to: www.example.gov}}", "", "for a bucket write s3://www.example.gov, for a folder of that name ./www.example.gov"},
		{"one slash", "{runner: local, source: {folder: front}, build: {output: public}, deploy: {to: 's3:/bucket/a'}}", "", "for a bucket write s3://bucket/a"},
		{"no slashes", "{runner: local, source: {folder: front}, build: {output: public}, deploy: {to: 's3:bucket'}}", "", "for a bucket write s3://bucket"},
		{"an ARN", "{runner: local, source: {folder: front}, build: {output: public}, deploy: {to: 'arn:aws-us-gov:s3:::bucket/a'}}", "", "for a bucket write s3://bucket/a"},
		{"the bucket's web address", "{runner: local, source: {folder: front}, build: {output: public}, deploy: {to: 'https://bucket.s3.us-east-1.amazonaws.com/'}}", "", "for a bucket write s3://bucket"},
		{"the website's address", "{runner: local, source: {folder: front}, build: {output: public}, deploy: {to: 'http://bucket.s3-website-us-east-1.amazonaws.com'}}", "", "for a bucket write s3://bucket"},
		{"a folder of that name", "{runner: local, source: {folder: front}, build: {output: public}, deploy: {to: ./www.example.gov}}", "", ""},
		{"a zone as region", "{runner: local, source: {folder: front}, build: {output: public}, deploy: {to: 's3://bucket', region: us-gov-west-1b}}", "", "expected the region, us-gov-west-1"},
		{"a zone without summer", "{runner: local, time_zone: EST, source: {folder: front}, build: {output: public}, deploy: {to: live}}", "", "may not follow daylight saving; expected the name of a place, such as America/New_York"},
		{"the app's address", "{runner: local, url: 'https://pressrun.example.gov/', source: {folder: front}, build: {output: public}, deploy: {to: live}}", "url: https://pressrun.example.gov\n", "the app itself is at https://pressrun.example.gov too"},
		{"a query", "{runner: local, url: 'https://www.example.gov/?a=b', source: {folder: front}, build: {output: public}, deploy: {to: live}}", "", "has a query or a fragment"},
	} {
		t.Run(c.name, func(t *testing.T) {
			file := filepath.Join(folder, "pressrun.yaml")
			text := c.top + "tokens: [{name: ada, role: operator, sha256: 3f1c2e5d7a9b8c6d4e0f1a2b3c4d5e6f7a8b9c0d1e2f3a4b5c6d7e8f9a0b1c2e}]\nsites:\n  www: " + c.site + "\n"
			if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
			_, err := config.Examine(file)
			if got := fmt.Sprint(err); (c.want == "") != (err == nil) || !strings.Contains(got, c.want) {
				t.Errorf("got %v, want an error with %q", err, c.want)
			}
		})
	}
}
