package cms

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/pressrun/pressrun/internal/demo/content"
)

func TestOnlyWhatThePublicSeesIsAChange(t *testing.T) {
	changed := edit()
	changed.Body = "Every half hour."
	cases := []struct {
		name      string
		published bool
		act       func(*CMS) (Result, error)
		want      string
	}{
		{"publish a draft", false, func(c *CMS) (Result, error) { return c.Publish("1", "Maya") }, ActionPublish},
		{"publish again", true, func(c *CMS) (Result, error) { return c.Publish("1", "Maya") }, ""},
		{"edit a draft", false, func(c *CMS) (Result, error) { return c.Update("1", changed, "Maya") }, ""},
		{"edit a published article", true, func(c *CMS) (Result, error) { return c.Update("1", changed, "Maya") }, ActionUpdate},
		{"save without a change", true, func(c *CMS) (Result, error) { return c.Update("1", edit(), "Maya") }, ""},
		{"edit and publish", false, func(c *CMS) (Result, error) {
			both := changed
			both.Publish = true
			return c.Update("1", both, "Maya")
		}, ActionPublish},
		{"unpublish", true, func(c *CMS) (Result, error) { return c.Unpublish("1", "Maya") }, ActionUnpublish},
		{"unpublish a draft", false, func(c *CMS) (Result, error) { return c.Unpublish("1", "Maya") }, ""},
		{"delete a published article", true, func(c *CMS) (Result, error) { return c.Delete("1", "Maya") }, ActionDelete},
		{"delete a draft", false, func(c *CMS) (Result, error) { return c.Delete("1", "Maya") }, ""},
	}
	for _, test := range cases {
		t.Run(test.name, func(t *testing.T) {
			c := newCMS(t, Options{Articles: []content.Article{}, Publisher: &recorder{}, URL: "http://cms.example"})
			first := edit()
			first.Publish = test.published
			must(t)(c.Create(first, "Jonas"))
			queued := len(c.store.read().Changes)
			result := must(t)(test.act(c))
			checkChange(t, result, test.want)
			if got := len(c.store.read().Changes) - queued; (got == 1) != (test.want != "") {
				t.Errorf("%d changes queued, want one only for %q", got, test.want)
			}
		})
	}
}

func checkChange(t *testing.T, result Result, action string) {
	t.Helper()
	if action == "" {
		if result.Change != nil {
			t.Errorf("got change %+v, want none", result.Change)
		}
		return
	}
	change := result.Change
	if change == nil {
		t.Fatalf("no change, want %s", action)
	}
	link := "http://cms.example/articles/1"
	if action == ActionDelete {
		link = "http://cms.example/"
	}
	if change.Action != action || change.Entity != "article/1" || change.Title != "Night bus" || change.Actor != "Maya" || change.Link != link || change.ID == "" || change.At.IsZero() {
		t.Errorf("change %+v lacks something", change)
	}
}

func TestRefusedEditsChangeNothing(t *testing.T) {
	other := edit()
	other.Slug = "opening-hours" // the seed's first article has it
	stale := edit()
	stale.Version = 99
	cases := []struct {
		name string
		act  func(*CMS) (Result, error)
		want string
	}{
		{"unknown article", func(c *CMS) (Result, error) { return c.Update("99", edit(), "Maya") }, ErrNotFound.Error()},
		{"delete twice", func(c *CMS) (Result, error) { return c.Delete("99", "Maya") }, ErrNotFound.Error()},
		{"old version", func(c *CMS) (Result, error) { return c.Update("2", stale, "Maya") }, ErrConflict.Error()},
		{"address in use", func(c *CMS) (Result, error) { return c.Update("2", other, "Maya") }, "slug: is already the address of"},
		{"new article with an address in use", func(c *CMS) (Result, error) { return c.Create(other, "Maya") }, "slug:"},
		{"empty article", func(c *CMS) (Result, error) { return c.Create(Edit{}, "Maya") }, "title:"},
		{"nobody's edit", func(c *CMS) (Result, error) { return c.Publish("8", " ") }, "actor:"},
		{"forged actor", func(c *CMS) (Result, error) { return c.Publish("8", "a\x1b[2J") }, "actor:"},
	}
	for _, test := range cases {
		t.Run(test.name, func(t *testing.T) {
			c := newCMS(t, Options{Publisher: &recorder{}})
			before := c.store.read()
			_, err := test.act(c)
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("got %v, want %q", err, test.want)
			}
			after := c.store.read()
			if !slices.Equal(before.Articles, after.Articles) || len(after.Changes) != 0 || before.NextID != after.NextID {
				t.Error("a refused edit left a trace")
			}
		})
	}
}

func TestEditsAreTidied(t *testing.T) {
	c := newCMS(t, Options{Articles: []content.Article{}})
	e := edit()
	e.Title, e.Body = "  Night bus, stop 7  ", "One\r\n\r\nTwo\r\n"
	got := must(t)(c.Create(e, "Maya")).Article
	if got.Title != "Night bus, stop 7" || got.Slug != "night-bus-stop-7" || got.Body != "One\n\nTwo" || got.Status != content.Draft {
		t.Errorf("article %+v is not tidy", got)
	}
}

func TestSeedIsValidAndMostlyPublished(t *testing.T) {
	c := newCMS(t, Options{})
	if got := publishedSlugs(c); len(got) != 7 {
		t.Errorf("published: %v, want 7", got)
	}
	if len(c.store.read().Changes) != 0 {
		t.Error("the seed was announced without being asked to")
	}
}

func TestAnnouncedSeedIsOneChangeForAll(t *testing.T) {
	c := newCMS(t, Options{AnnounceSeed: true, Publisher: &recorder{}, URL: "http://127.0.0.1:1"})
	s := c.store.read()
	if len(s.Changes) != 1 || s.Changes[0].Action != ActionImport || s.Changes[0].Entity != "site" || s.Changes[0].Actor == "" {
		t.Fatalf("changes %+v, want one import", s.Changes)
	}
	for _, r := range s.Articles {
		if (r.ChangeID == s.Changes[0].ID) != (r.Status == content.Published) {
			t.Errorf("%s article %s has change %q", r.Status, r.ID, r.ChangeID)
		}
	}
}

func TestOptionsWithBadAddressesAreRefused(t *testing.T) {
	for _, opts := range []Options{{URL: "cms:1"}, {ReleasesURL: "javascript:alert(1)"}, {Site: content.Site{Name: "L", URL: "//x"}}} {
		if _, err := New(opts); err == nil || !strings.Contains(err.Error(), "want http://host") {
			t.Errorf("%+v: got %v", opts, err)
		}
	}
}

// Whatever editors do: a change comes out exactly when what the public reads
// differs from before.
func TestChangesMatchWhatThePublicReads(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		c, err := New(Options{Articles: oneDraft, Publisher: &recorder{}})
		if err != nil {
			t.Fatal(err)
		}
		for range rapid.IntRange(1, 25).Draw(t, "steps") {
			before := publicView(c)
			result, err := randomAct(t, c)
			if changed := before != publicView(c); changed != (result.Change != nil) {
				t.Fatalf("public view changed: %v, change: %+v (error %v)", changed, result.Change, err)
			}
			var invalid *InvalidError
			if err != nil && !errors.Is(err, ErrNotFound) && !errors.Is(err, ErrConflict) && !errors.As(err, &invalid) {
				t.Fatal(err)
			}
		}
	})
}

func publicView(c *CMS) string {
	var b strings.Builder
	for _, a := range c.store.read().published() {
		b.WriteString(strings.Join([]string{a.ID, a.Slug, a.Title, a.Summary, a.Body, a.Author, "\x00"}, "\x01"))
	}
	return b.String()
}

func randomAct(t *rapid.T, c *CMS) (Result, error) {
	id := rapid.SampledFrom([]string{"1", "2", "3", "4"}).Draw(t, "id")
	e := edit()
	e.Slug = rapid.SampledFrom([]string{"a", "b", "c"}).Draw(t, "slug")
	e.Body = rapid.SampledFrom([]string{"One.", "Two.", ""}).Draw(t, "body")
	e.Publish = rapid.Bool().Draw(t, "publish")
	e.Version = rapid.IntRange(0, 3).Draw(t, "version")
	acts := map[string]func() (Result, error){
		"create":    func() (Result, error) { return c.Create(e, "Maya") },
		"update":    func() (Result, error) { return c.Update(id, e, "Maya") },
		"publish":   func() (Result, error) { return c.Publish(id, "Maya") },
		"unpublish": func() (Result, error) { return c.Unpublish(id, "Maya") },
		"delete":    func() (Result, error) { return c.Delete(id, "Maya") },
	}
	return acts[rapid.SampledFrom([]string{"create", "update", "publish", "unpublish", "delete"}).Draw(t, "act")]()
}
