package view

import (
	"time"

	"github.com/pressrun/pressrun/internal/api"
	"github.com/pressrun/pressrun/internal/preview"
	"github.com/pressrun/pressrun/internal/preview/pull"
	"github.com/pressrun/pressrun/internal/words"
)

// PreviewWire is a preview as the API tells of it. Address is where one of its name is
// looked at.
func PreviewWire(s pull.State, address string) api.Preview {
	out := api.Preview{
		Name: s.Name(), Branch: s.Branch, State: string(s.Status()), Commit: s.Shown.Commit, Content: string(s.Content()), By: s.By, Why: s.Reason(),
	}
	if s.Branch == "" {
		out.PullRequest = s.Number
	}
	if s.Shown.Commit != "" {
		out.Address, out.Content = address, string(PreviewContent(s))
		if !s.Shown.Expires.IsZero() {
			until := s.Shown.Expires.UTC().Truncate(time.Second)
			out.Expires = &until
		}
	}
	if s.Run != nil {
		out.RunURL = s.Run.URL
	}
	return out
}

// PreviewContent is what a preview shows or, before it shows anything, will show.
func PreviewContent(s pull.State) preview.Content {
	if s.Shown.Commit != "" && s.Shown.Content != "" {
		return s.Shown.Content
	}
	return s.Content()
}

// PreviewState is how a preview stands, in words, with their class.
func PreviewState(l words.Language, s pull.State) (name, class string) {
	switch s.Status() {
	case pull.Building:
		return l.Say("being built"), "now"
	case pull.Ready:
		return l.Say("ready to look at"), classOK
	case pull.Broken:
		return l.Say("could not be built"), classBad
	case pull.Removing:
		return l.Say("being removed"), "now"
	case pull.Gone:
		return l.Say("not there"), "quiet"
	case pull.Waiting:
	}
	return l.Say("waits"), "warn"
}

// ContentWords say what a preview is built with.
func ContentWords(l words.Language, c preview.Content) string {
	switch c {
	case preview.Live:
		return l.Say("what is published in the CMS now")
	case preview.Drafts:
		return l.Say("drafts too")
	case preview.Last:
	}
	return l.Say("the content of the last release")
}
