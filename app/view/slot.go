package view

import (
	"context"

	"github.com/pressrun/pressrun/internal/api"
	"github.com/pressrun/pressrun/internal/ledger"
	"github.com/pressrun/pressrun/internal/slots"
	"github.com/pressrun/pressrun/internal/words"
)

// slotOf reads the slot that a site's release waits for; the zero Wait for none.
func slotOf(ctx context.Context, s *ledger.Snapshot, v Site) (slots.Wait, error) {
	if !v.WaitsForSlot(v.Now) {
		return slots.Wait{}, nil
	}
	waits, err := s.SlotWaits(ctx, v.Now)
	return waits[v.Name], err
}

// slotWords name the slot that the release waits for, and its place in line.
func slotWords(v Site) string {
	l, number, w := v.Language, v.Current.Number, v.Slot
	place := PlaceWords(l, w.Place)
	if w.Place == 0 {
		return l.Say("Release #%d waits for a free slot.", number)
	}
	said := ""
	switch w.For.Kind {
	case slots.Group:
		said = l.Say("Release #%d waits for a free slot of group %s: %s.", number, w.For.Name, place)
	case slots.Installation:
		said = l.Say("Release #%d waits for a free slot of the GitHub installation on %s: %s.", number, w.For.Name, place)
	case slots.Runner:
		said = l.Say("Release #%d waits for a free slot of runner %s: %s.", number, w.For.Name, place)
		if w.For.Machine != "" {
			said = l.Say("Release #%d waits for a free slot on the machine %s: %s.", number, w.For.Machine, place)
		}
	case slots.Unreserved:
		said = l.Say("Release #%d waits for a free slot, of which the last are kept for emergencies: %s.", number, place)
	case slots.Total:
		said = l.Say("Release #%d waits for a free slot: %s.", number, place)
	}
	if w.Behind != "" {
		said += " " + l.Say("Another site of its group has waited for very long and goes first.")
	}
	return said
}

// PlaceWords tell a place in line, which counts from 1; "" for none.
func PlaceWords(l words.Language, n int) string {
	switch {
	case n <= 0:
		return ""
	case n == 1:
		return l.Say("next in line")
	case n%10 == 1 && n%100 != 11:
		return l.Say("%dst in line", n)
	case n%10 == 2 && n%100 != 12:
		return l.Say("%dnd in line", n)
	case n%10 == 3 && n%100 != 13:
		return l.Say("%drd in line", n)
	}
	return l.Say("%dth in line", n)
}

// slotWire is the wait for a slot as the API gives it, nil for none.
func slotWire(v Site) *api.SlotWait {
	w := v.Slot
	if w.Place == 0 {
		return nil
	}
	of, reserved := w.For.Kind, false
	if of == slots.Unreserved {
		of, reserved = slots.Total, true
	}
	return &api.SlotWait{Of: string(of), Name: w.For.Name, Machine: w.For.Machine, Reserved: reserved, Limit: w.Most, Place: w.Place, Lane: w.Lane.String()}
}
