package view

import (
	"slices"
	"testing"
	"time"

	"github.com/pressrun/pressrun/internal/preview/pull"
	"github.com/pressrun/pressrun/internal/words"
)

// What the rules say of a preview is known again, and said in Spanish too.
func TestWhyAPreviewWentIsSaidInTheReadersLanguage(t *testing.T) {
	es, _ := words.Named("es")
	now := time.Date(2026, 11, 30, 12, 0, 0, 0, time.UTC)
	open, gone := pull.Refreshed{Head: "abc"}, pull.Refreshed{Head: "abc", Closed: true}
	shown := []pull.Event{
		open,
		pull.Asked{By: "Ada"},
		pull.Began{Act: pull.Act{Do: pull.Dispatch, Kind: pull.Create, Commit: "abc"}, Token: "t"},
		pull.Sent{Token: "t", ID: "7"},
		pull.Ended{ID: "7", Good: true},
	}
	for want, c := range map[string]struct {
		state  pull.State
		events []pull.Event
	}{
		"Ada pidió su retirada.": {pull.State{}, []pull.Event{open, pull.AskedRemove{By: "Ada"}}},
		"Ada pidió más tiempo, pero no hay vista previa: pida antes una.":                                                 {pull.State{}, []pull.Event{open, pull.AskedExtend{By: "Ada", Keep: time.Hour}}},
		"Ada pidió una vista previa, pero la solicitud de cambios está cerrada.":                                          {pull.State{}, []pull.Event{gone, pull.Asked{By: "Ada"}}},
		"Ada pidió una vista previa de la solicitud de cambios 12, pero el repositorio no tiene ninguna con este número.": {pull.State{}, []pull.Event{pull.Refreshed{Closed: true}, pull.Asked{By: "Ada"}}},
		"Ada pidió una vista previa de x/y, pero el repositorio no tiene ninguna rama ni etiqueta con este nombre.":       {pull.State{Branch: "x/y"}, []pull.Event{pull.Refreshed{Closed: true}, pull.Asked{By: "Ada"}}},
		"Ada pidió más tiempo: una vista previa se conserva hasta 90 días desde ahora, no 10000h0m0s.":                    {pull.State{}, append(slices.Clone(shown), pull.AskedExtend{By: "Ada", Keep: 10000 * time.Hour})},
		"Ada aprobó \"abd\": se espera el nombre completo del commit más nuevo, que es abc.":                              {pull.State{}, []pull.Event{pull.Refreshed{Head: "abc", Fork: true}, pull.Trust{By: "Ada", Commit: "abd"}, pull.Refreshed{Head: "abc"}}},
		"Se acabó su plazo.":                {pull.State{}, append(shown, pull.Tick{})},
		"La solicitud de cambios se cerró.": {pull.State{}, append(shown, gone)},
		"El repositorio ya no tiene ninguna rama ni etiqueta con este nombre.":                                                              {pull.State{Branch: "x/y"}, append(shown, gone)},
		"la rama está en una bifurcación: en GitHub, alguien con permiso de escritura tiene que aprobar el commit abc con /preview approve": {pull.State{}, []pull.Event{pull.Refreshed{Head: "abc", Fork: true}, pull.Asked{By: "Ada"}}},
		"the disk is full": {pull.State{}, []pull.Event{open, pull.Asked{By: "Ada"}, shown[2], shown[3], pull.Ended{ID: "7", Why: "the disk is full"}}}, // that others said
	} {
		s := c.state
		s.Number = 12
		for _, e := range c.events {
			at := now
			if e == (pull.Tick{}) {
				at = now.Add(1000 * time.Hour)
			}
			s = pull.Step(s, e, at)
		}
		if got := PreviewReason(es, s); got != want {
			t.Errorf("%q is said as %q, want %q", s.Reason(), got, want)
		}
		if got := PreviewReason(words.English(), s); got != s.Reason() || got == "" {
			t.Errorf("in English it is %q, not %q", got, s.Reason())
		}
	}
}
