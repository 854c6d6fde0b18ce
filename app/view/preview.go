package view

import (
	"context"
	"time"

	"github.com/pressrun/pressrun/app/previews"
	"github.com/pressrun/pressrun/internal/api"
	"github.com/pressrun/pressrun/internal/ledger"
	"github.com/pressrun/pressrun/internal/preview"
	"github.com/pressrun/pressrun/internal/preview/pull"
	"github.com/pressrun/pressrun/internal/words"
)

// SitePreviews reads a site and its previews, those of pull requests first.
func SitePreviews(ctx context.Context, r *Reader, name string) (of Site, all []pull.State, err error) {
	err = r.ledger.Read(ctx, func(ctx context.Context, s *ledger.Snapshot) error {
		if of, err = siteOf(ctx, r, s, name); err != nil {
			return err
		}
		kept, err := s.Previews(ctx, name, previews.MostListed)
		if err != nil {
			return err
		}
		all, err = previews.StatesOf(kept)
		return err
	})
	return of, all, err
}

// PreviewWire is a preview as the API gives it. address is its web address.
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

// PreviewContent is the content that a preview shows or, before it is built, will show.
func PreviewContent(s pull.State) preview.Content {
	if s.Shown.Commit != "" && s.Shown.Content != "" {
		return s.Shown.Content
	}
	return s.Content()
}

// PreviewState is the state of a preview in words, with their class.
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

// previewReasons are what pull.State gives as its Reason, with what it puts in.
var previewReasons = []words.Key{
	words.Key("%s asked for its end."),
	words.Key("%s asked for more time, but there is no preview: ask for one first."),
	words.Key("%s asked for a preview, but the pull request is closed."),
	words.Key("%s asked for a preview of pull request %s, but the repository has none of this number."),
	words.Key("%s asked for a preview of %s, but the repository has no branch and no tag of this name."),
	words.Key("Its time was over."),
	words.Key("The pull request was closed."),
	words.Key("The repository has no branch and no tag of this name any more."),
	words.Key("More time could not be given: %s."),
	words.Key("%s asked for more time: a preview stays for up to %s days from now, not for %s."),
	words.Key("%s approved a commit: this pull request needs no approval, since its branch is in this repository."),
	words.Key("%s approved %s: expected the whole name of the newest commit, which is %s."),
	words.Key("%s approved %s, but the newest commit is %s: look at it, then approve that one."),
	words.Key("%s: the App may not read the branches of %s: give it the permission Contents: read-only, and accept that for the installation"),
	words.Key("GitHub never showed the run that was asked for"),
	words.Key("nothing was heard of its run for hours"),
	words.Key("GitHub knows its run no more"),
	words.Key("its run ended as %s"),
	words.Key("the branch is in a fork: on GitHub, somebody who may write has to approve commit %s by /preview approve"),
}

var knownPreviewReasons = words.SentencesOf(previewReasons...)

// PreviewReason is why a preview waits, failed or went, in words. What GitHub says of it stays
// as it is.
func PreviewReason(l words.Language, s pull.State) string {
	said := s.Reason()
	if known, is := knownPreviewReasons.Again(l, said); is {
		return known
	}
	return reasonWords(l, said)
}

// ContentWords name the content of a preview.
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
