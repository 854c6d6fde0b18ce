package content

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"

	"github.com/pressrun/pressrun/internal/text"
)

// Item is a record as a list gave it.
type Item struct {
	Key
	Stamp, Revision string
	References      []string
	// Deleted says that the source has deleted the record.
	Deleted bool
	// Raw is the record, byte for byte.
	Raw json.RawMessage
}

// Page is a decoded answer of a list.
type Page struct {
	Items []Item
	// Total and Pages are the list's own numbers of records and pages; -1 if it gives
	// none.
	Total, Pages int
	// Next is the position of the next page where the answer names it; "" for none.
	Next string
	// Resume is where the list's changes after this page are listed.
	Resume string
}

// ErrNotAList says that an answer is not one of the list. It never counts as an empty
// list.
var ErrNotAList = errors.New("the answer is not a list of records")

// Read reads an answer of a list.
func (t Type) Read(header http.Header, body []byte) (Page, error) {
	page := Page{Total: -1, Pages: -1}
	items, envelope, err := t.items(body)
	if err != nil {
		return page, fmt.Errorf("%w: %w", ErrNotAList, err)
	}
	for i, raw := range items {
		item, err := t.item(raw)
		if err != nil {
			return page, fmt.Errorf("%w: record %d of the page %w", ErrNotAList, i+1, err)
		}
		page.Items = append(page.Items, item)
	}
	page.Total, page.Pages = envelope.Number(t.Pager.Total), envelope.Number(t.Pager.Pages)
	if t.Pager.TotalHeader != "" {
		page.Total = wholeNumber(header.Get(t.Pager.TotalHeader))
	}
	if t.Pager.PagesHeader != "" {
		page.Pages = wholeNumber(header.Get(t.Pager.PagesHeader))
	}
	if t.Pager.Next != "" {
		page.Next = envelope.Text(t.Pager.Next)
	}
	if t.Resume != "" {
		page.Resume = envelope.Text(t.Resume)
	}
	if t.Pager.More != "" && string(bytes.TrimSpace(envelope.At(t.Pager.More))) != "true" {
		page.Next = ""
	}
	return page, nil
}

// items are the records of an answer, and the object around them.
func (t Type) items(body []byte) ([]json.RawMessage, Object, error) {
	list, envelope := json.RawMessage(body), Object{}
	valid := json.Valid(body)
	if t.Items != "" {
		ok := valid
		if ok {
			envelope, ok = (&scanner{text: body}).members()
		}
		if !ok {
			_, err := ParseObject(body)
			return nil, nil, fmt.Errorf("it %w", err)
		}
		if list = envelope.At(t.Items); list == nil {
			err := fmt.Errorf("it has nothing at %s", t.Items)
			if why := envelope.Complaint(); why != "" {
				err = fmt.Errorf("%w; it says: %s", err, why)
			}
			return nil, nil, err
		}
	}
	var items []json.RawMessage
	ok := valid
	if ok {
		items, ok = (&scanner{text: list}).items()
	}
	if !ok {
		return nil, nil, fmt.Errorf("it has no array at %q but %q", string(t.Items), text.ShortenBytes(text.OneLine(string(list[:min(len(list), 200)])), 60))
	}
	return items, envelope, nil
}

func (t Type) item(raw json.RawMessage) (Item, error) {
	o, ok := (&scanner{text: raw}).members()
	if !ok {
		_, err := ParseObject(raw)
		return Item{}, err
	}
	item := Item{Key: Key{Type: t.Name, ID: o.Text(t.ID), Language: o.Text(t.Language)}, Stamp: o.Text(t.Stamp), Revision: o.Text(t.Revision), Raw: raw}
	if item.ID == "" {
		return Item{}, fmt.Errorf("has no id at %s", t.ID)
	}
	if len(item.ID) > 1024 || len(item.Language) > 100 {
		return Item{}, errors.New("has an id of more than 1024 bytes, or a language of more than 100")
	}
	if t.Prefix != nil {
		item.ID = t.Prefix(o) + item.ID
	}
	if item.Deleted = t.Deleted != nil && t.Deleted(o); item.Deleted {
		return item, nil
	}
	seen := map[string]bool{}
	for at, to := range t.References {
		for _, id := range o.Texts(at) {
			if id != "0" { // WordPress's "none"
				seen[to+"/"+id] = true
			}
		}
	}
	if t.Referring != nil {
		for _, to := range t.Referring(o) {
			seen[to] = true
		}
	}
	item.References = sortedKeys(seen)
	return item, nil
}
