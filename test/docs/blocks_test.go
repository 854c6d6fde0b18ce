package docs

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// block is a fenced block of a page.
type block struct {
	page, language, text string
	line                 int
	// notRun is why a block can't be run by a test, as the page says in an
	// HTML comment above it: <!-- not run: WHY -->.
	notRun string
}

const mark = "<!-- not run: "

// blocksOf reads the fenced blocks of a page of docs/.
func blocksOf(t *testing.T, page string) []block {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("..", "..", "docs", filepath.FromSlash(page)))
	if err != nil {
		t.Fatal(err)
	}
	var all []block
	var open *block
	above := ""
	for i, line := range strings.Split(string(text), "\n") {
		language, fence := strings.CutPrefix(strings.TrimSpace(line), "```")
		switch {
		case fence && open != nil:
			all, open = append(all, *open), nil
		case fence:
			open = &block{page: page, language: language, line: i + 1}
			if why, ok := strings.CutPrefix(above, mark); ok {
				open.notRun = strings.TrimSuffix(why, " -->")
			}
		case open != nil:
			open.text += line + "\n"
		}
		above = line
	}
	if open != nil {
		t.Fatalf("%s:%d: a block without an end", page, open.line)
	}
	return all
}

// pages are all pages of docs/, by their paths below it.
func pages(t *testing.T) []string {
	t.Helper()
	var all []string
	for _, pattern := range []string{"*.md", "*/*.md"} {
		found, err := filepath.Glob(filepath.Join("..", "..", "docs", pattern))
		if err != nil {
			t.Fatal(err)
		}
		for _, file := range found {
			page, err := filepath.Rel(filepath.Join("..", "..", "docs"), file)
			if err != nil {
				t.Fatal(err)
			}
			all = append(all, filepath.ToSlash(page))
		}
	}
	if len(all) < 10 {
		t.Fatalf("found %d pages", len(all))
	}
	return all
}
