package app

import (
	"testing"

	"github.com/pressrun/pressrun/internal/api"
	"github.com/pressrun/pressrun/internal/release"
)

func TestEventsAreListedPageByPage(t *testing.T) {
	b := start(t, nil)
	for range 5 {
		if _, err := b.client.Ask(t.Context(), "www", "", api.RequestInput{Source: release.FromOperator}); err != nil {
			t.Fatal(err)
		}
	}
	all, err := b.client.EventList(t.Context(), "www", 0, 0)
	if err != nil || len(all) < 5 {
		t.Fatalf("got %d events, %v", len(all), err)
	}
	var last int64
	for n := 0; ; n++ {
		page, err := b.client.EventList(t.Context(), "", last, 2)
		if err != nil || len(page) > 2 {
			t.Fatalf("got %d events, %v", len(page), err)
		}
		if len(page) == 0 {
			if n < 3 || last < all[len(all)-1].ID {
				t.Errorf("the list ended after %d pages at event %d of %d", n, last, all[len(all)-1].ID)
			}
			break
		}
		if page[0].ID <= last {
			t.Fatalf("event %d came again", page[0].ID)
		}
		last = page[len(page)-1].ID
	}
	if _, err := b.client.EventList(t.Context(), "", -1, 0); api.CodeOf(err) != "invalid" {
		t.Errorf("after=-1: got %v", err)
	}
	if _, err := b.client.WithToken("").EventList(t.Context(), "", 0, 0); api.CodeOf(err) != "unauthorized" {
		t.Errorf("without a token: got %v", err)
	}
}
