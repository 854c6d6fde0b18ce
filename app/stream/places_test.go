package stream

import "testing"

func TestPlacesAreGivenBack(t *testing.T) {
	p := NewPlaces(2, 1)
	leave, full := p.Enter("ada")
	if full != nil {
		t.Fatal(full)
	}
	if _, full := p.Enter("ada"); full == nil || full.Code != "too_many_streams" || full.Status != 429 {
		t.Errorf("a second stream of one caller: %v", full)
	}
	if _, full := p.Enter("jun"); full != nil {
		t.Errorf("another caller's first stream: %v", full)
	}
	if _, full := p.Enter("eve"); full == nil || full.Status != 503 {
		t.Errorf("a stream beyond the bound of all: %v", full)
	}
	leave()
	leave() // a place is given back once
	if p.Open() != 1 || len(p.by) != 1 {
		t.Errorf("%d streams are open, of %v", p.Open(), p.by)
	}
	if _, full := p.Enter("eve"); full != nil {
		t.Errorf("a place that was given back: %v", full)
	}
}
