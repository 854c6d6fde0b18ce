package state

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"slices"
)

// mostAdded is the share of a bake's pages, one in so many, that may be added to its file
// before all is written anew.
const mostAdded = 4

// Extend adds the state of a later bake with the same output to the last one: its head, and
// the pages whose state is another. To write thousands of lines anew that
// are as they were would take most of the time of such a bake. It says false, and does
// nothing, where so much was added that all is better written anew. A line that a kill cut
// off does not count, and goes with the next.
func (f Folder) Extend(last *Bake, head Head, pages []*Page) (bool, error) {
	var known []*Page
	for _, p := range pages {
		if int(p.ID) >= len(last.Pages) || !p.same(last.Pages[p.ID]) {
			known = append(known, p)
		}
	}
	if (last.added+len(known)+1)*mostAdded > len(last.Pages) {
		return false, nil
	}
	text, err := lines(head, known)
	if err != nil {
		return false, err
	}
	if err := f.add(last.good, text); err != nil {
		return false, fmt.Errorf("write the bake's state: %w", err)
	}
	return true, f.Forget()
}

// lines are the lines of pages, and of their head. Those before the head count also
// without it, since they are true of the former output too.
func lines(head Head, pages []*Page) ([]byte, error) {
	head.Version = version
	var text []byte
	add := func(v any) error {
		line, err := json.Marshal(v)
		text = append(append(text, line...), '\n')
		return err
	}
	for _, p := range pages {
		if err := add(p); err != nil {
			return nil, fmt.Errorf("write the bake's state: %w", err)
		}
	}
	return text, add(head)
}

// add writes behind the good part of the last bake's file, and syncs it to disk.
func (f Folder) add(good int64, text []byte) error {
	file, err := os.OpenFile(f.at(lastName), os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	err = file.Truncate(good)
	if err == nil {
		_, err = file.WriteAt(text, good)
	}
	if err == nil {
		err = file.Sync()
	}
	return errors.Join(err, file.Close())
}

// same says whether a page's state is as it was.
func (p *Page) same(old *Page) bool {
	return p.Address == old.Address && p.QueryKind == old.QueryKind && p.Depth == old.Depth && p.Step == old.Step && p.Why == old.Why &&
		p.Status == old.Status && p.Location == old.Location && p.To == old.To && p.Type == old.Type && p.Sum == old.Sum && p.Size == old.Size &&
		p.ETag == old.ETag && p.Modified == old.Modified && p.Title == old.Title && p.Login == old.Login && p.Lists == old.Lists &&
		p.Read.Equal(old.Read) && p.Fresh.Equal(old.Fresh) && p.Out == old.Out && p.ID == old.ID &&
		slices.Equal(p.Sources, old.Sources) && slices.Equal(p.Tags, old.Tags) && slices.Equal(p.Refs, old.Refs)
}
