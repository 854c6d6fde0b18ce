package api

import (
	"errors"
	"strings"
	"testing"
	"time"
)

func TestCallbacks(t *testing.T) {
	now := time.Date(2026, 11, 22, 9, 0, 0, 0, time.UTC)
	const ours, theirs = "a secret of twenty characters or more", "another secret of twenty characters"
	good := Callback{Site: "www", RunID: "7", Attempt: 2, ID: "1", Expires: now.Add(CallbackLife)}
	sign := func(secret string, c Callback) string {
		text, err := SignCallback(secret, c)
		if err != nil {
			t.Fatal(err)
		}
		return text
	}
	long := good
	long.Expires = now.Add(24 * time.Hour)
	nameless := good
	nameless.RunID = ""
	bearer := sign(ours, good)
	tests := []struct {
		name, bearer string
		secrets      []string
		at           time.Time
		want         error
	}{
		{"good", bearer, []string{ours}, now, nil},
		{"good while the secret is replaced", bearer, []string{theirs, ours}, now, nil},
		{"another secret", sign(theirs, good), []string{ours}, now, ErrCallback},
		{"no secret", bearer, nil, now, ErrCallback},
		{"expired", bearer, []string{ours}, now.Add(CallbackLife), ErrCallbackExpired},
		{"good for ever", sign(ours, long), []string{ours}, now, ErrCallbackExpired},
		{"changed", strings.Replace(bearer, "prh_e", "prh_f", 1), []string{ours}, now, ErrCallback},
		{"cut short", bearer[:len(bearer)/2], []string{ours}, now, ErrCallback},
		{"names no run", sign(ours, nameless), []string{ours}, now, ErrCallback},
		{"another kind", "prj_x.y", []string{ours}, now, ErrCallback},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := OpenCallback(tt.secrets, tt.bearer, tt.at)
			if !errors.Is(err, tt.want) {
				t.Fatalf("OpenCallback gave %v, want %v", err, tt.want)
			}
			if tt.want == nil && got != good {
				t.Errorf("OpenCallback gave %+v", got)
			}
		})
	}
	if _, err := SignCallback("short", good); !errors.Is(err, ErrShortSecret) {
		t.Errorf("a short secret gave %v", err)
	}
}

func FuzzOpenCallback(f *testing.F) {
	bearer, err := SignCallback("a secret of twenty characters or more", Callback{RunID: "1", Attempt: 1, ID: "x"})
	if err != nil {
		f.Fatal(err)
	}
	f.Add(bearer)
	f.Fuzz(func(t *testing.T, bearer string) {
		if c, err := OpenCallback([]string{"another secret of twenty characters"}, bearer, time.Now()); err == nil {
			t.Errorf("a callback that nobody signed gave %+v", c)
		}
	})
}
