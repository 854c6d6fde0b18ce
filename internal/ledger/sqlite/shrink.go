package sqlite

import "fmt"

// A new file is made so that it can shrink by and by (auto_vacuum, which has to be said
// before anything is written: https://sqlite.org/pragma.html#pragma_auto_vacuum). In one
// that an earlier Pressrun made, what is freed is used again for what comes, and given
// back by no statement. A backup of it is such a new file.

// FreePages reads how many free pages can be given back: none where the file can't
// shrink.
func (*File) FreePages() string {
	return `SELECT freelist_count FROM pragma_freelist_count WHERE (SELECT auto_vacuum FROM pragma_auto_vacuum) = 2 UNION ALL SELECT 0`
}

// Shrink moves so many pages, at most, from the end of the file to free ones, and cuts
// the file (https://sqlite.org/pragma.html#pragma_incremental_vacuum).
func (*File) Shrink(pages int) string { return fmt.Sprintf("PRAGMA incremental_vacuum(%d)", pages) }
