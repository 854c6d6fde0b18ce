package redirect

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestWhatWasChangedInARedirectStoreIsTold(t *testing.T) {
	live := releaseOf("www", map[string]string{"/old": "/new", "/older": "/new"})
	ours := map[string]string{"/old": "301 /new pressrun:www", "/older": "301 /new pressrun:www"}
	with := func(more map[string]string, without ...string) map[string]string {
		held := map[string]string{}
		for key, value := range ours {
			held[key] = value
		}
		for _, key := range without {
			delete(held, key)
		}
		for key, value := range more {
			held[key] = value
		}
		return held
	}
	for name, c := range map[string]struct {
		held      map[string]string
		untouched bool
		want      Audit
		clean     bool
	}{
		"as it was left":                   {held: ours, clean: true},
		"one is gone":                      {held: with(nil, "/old"), want: Audit{Missing: []string{"/old"}}},
		"one leads elsewhere":              {held: with(map[string]string{"/old": "301 /x pressrun:www"}), want: Audit{Changed: []string{"/old"}}},
		"one leads elsewhere, unsigned":    {held: with(map[string]string{"/old": "302 https://evil.example/"}), want: Audit{Changed: []string{"/old"}}},
		"one that passes for ours":         {held: with(map[string]string{"/more": "301 /x pressrun:www"}), want: Audit{Added: []string{"/more"}}},
		"one that hides a page":            {held: with(map[string]string{"/": "302 https://evil.example/"}), want: Audit{Added: []string{"/"}}},
		"one that the function reads past": {held: with(map[string]string{"/": "a note"}), want: Audit{Foreign: []string{"/"}}, clean: true},
		"another site's":                   {held: with(map[string]string{"/blog": "301 /b pressrun:blog"}), want: Audit{Foreign: []string{"/blog"}}, clean: true},
		"what the last deploy left in the way": {
			held:      with(map[string]string{"/old": "301 /theirs", "/": "302 /theirs"}),
			untouched: true, want: Audit{Foreign: []string{"/", "/old"}}, clean: true,
		},
	} {
		t.Run(name, func(t *testing.T) {
			got := NewAudit(live, c.held, storeLimits, c.untouched)
			if got.Clean() != c.clean {
				t.Errorf("clean %v", got.Clean())
			}
			c.want.Keys = got.Keys
			for _, list := range []*[]string{&c.want.Missing, &c.want.Changed, &c.want.Added, &c.want.Foreign} {
				if *list == nil {
					*list = []string{} // never null
				}
			}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
	if got := NewAudit(live, ours, storeLimits, false); got.Keys != 2 {
		t.Errorf("%d keys", got.Keys)
	}
}
