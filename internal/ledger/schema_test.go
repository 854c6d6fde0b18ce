package ledger

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/pressrun/pressrun/internal/ledger/sqlite"
	"github.com/pressrun/pressrun/internal/release"
)

// sqlTexts are the SQL texts in the package's source. A text that is put
// together from parts is there in its parts.
func sqlTexts(t *testing.T) []string {
	t.Helper()
	files, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	verb := regexp.MustCompile(`(?i)^\s*(SELECT|INSERT|UPDATE|DELETE|WITH|REPLACE|MERGE|TRUNCATE|CREATE|ALTER|DROP)\s`)
	var texts []string
	for _, file := range files {
		if strings.HasSuffix(file, "_test.go") {
			continue
		}
		tree, err := parser.ParseFile(token.NewFileSet(), file, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		ast.Inspect(tree, func(n ast.Node) bool {
			lit, ok := n.(*ast.BasicLit)
			if !ok || lit.Kind != token.STRING {
				return true
			}
			text, err := strconv.Unquote(lit.Value)
			if err != nil {
				t.Fatal(err)
			}
			if verb.MatchString(text) {
				texts = append(texts, text)
			}
			return true
		})
	}
	if len(texts) < 20 {
		t.Fatalf("only %d SQL texts were found: the search is wrong", len(texts))
	}
	return texts
}

// removesOldEvents is the one text that deletes an event: retention's, by its id, once
// it is in a file.
const removesOldEvents = `DELETE FROM events WHERE id = $1`

func TestNothingUpdatesOrDeletesAnEventButRetention(t *testing.T) {
	mentions, removes := 0, 0
	for _, text := range sqlTexts(t) {
		if regexp.MustCompile(`(?i)\bevents\b`).MatchString(text) {
			mentions++
		}
		if text == removesOldEvents {
			removes++
			continue
		}
		if regexp.MustCompile(`(?is)^\s*(UPDATE|REPLACE\s+INTO|DELETE\s+FROM|TRUNCATE|DROP|ALTER|INSERT\s+OR\s+REPLACE)\b.*\bevents\b`).MatchString(text) {
			t.Errorf("this changes the audit trail: %s", text)
		}
	}
	if removes != 1 {
		t.Errorf("%d texts remove old events, want 1", removes)
	}
	if mentions == 0 {
		t.Error("no text reads events: the search is wrong")
	}
}

func TestTheDatabaseItselfRefusesASecondActiveRelease(t *testing.T) {
	l := fresh(t)
	ask(t, l, Request{})
	err := l.writer.act(t.Context(), func(b *batch) error {
		return b.putRelease("www", release.Release{Number: 2, Upto: 1})
	})
	if err == nil || !strings.Contains(err.Error(), "UNIQUE") && !strings.Contains(err.Error(), "releases_active") {
		t.Errorf("a second active release: %v", err)
	}
	if _, err := l.Release(t.Context(), "www", 2); err == nil {
		t.Error("it is there")
	}
	carry(t, l, "www")
	if err := l.writer.act(t.Context(), func(b *batch) error {
		return b.putRelease("www", release.Release{Number: 2, Upto: 1})
	}); err != nil {
		t.Errorf("one after the other: %v", err)
	}
}

func TestMigrationsRunOnAnEmptyFileAndAgainOnALedger(t *testing.T) {
	path := filepath.Join(t.TempDir(), "pressrun.db")
	if err := os.WriteFile(path, nil, 0o600); err != nil { // as after a crash while it was made
		t.Fatal(err)
	}
	l := open(t, path)
	r := ask(t, l, Request{})
	for range 2 {
		if err := l.Close(); err != nil {
			t.Fatal(err)
		}
		l = open(t, path)
	}
	mustBe(t, l, r.ID, Resolution{Status: release.InRelease, Release: 1})
}

func TestALedgerOfANewerPressrunIsNotTouched(t *testing.T) {
	path := filepath.Join(t.TempDir(), "pressrun.db")
	l := open(t, path)
	pragma(t, l, `INSERT INTO goose_db_version (version_id, is_applied) VALUES (99, 1)`)
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	_, err := Open(t.Context(), sqlite.At(path), Options{Sites: policies("www")})
	if err == nil || !strings.Contains(err.Error(), "newer Pressrun") {
		t.Errorf("got %v", err)
	}
}
