package view

import (
	"context"
	"time"

	"github.com/pressrun/pressrun/internal/config"
	"github.com/pressrun/pressrun/internal/words"
)

// Audience is the reader's language and time zone. The zero Audience reads English, by the
// clock of each site: the API and the command line, unless they ask for a zone.
type Audience struct {
	Language words.Language
	// Zone is the reader's, nil for that of each site.
	Zone *time.Location
}

type audienceKey struct{}

// For gives a context with an audience: views that are read with it are in its language.
func For(ctx context.Context, a Audience) context.Context {
	return context.WithValue(ctx, audienceKey{}, a)
}

// AudienceOf is the audience that a context was given.
func AudienceOf(ctx context.Context) Audience {
	a, _ := ctx.Value(audienceKey{}).(Audience)
	return a
}

// zoneOf is the time zone in which the audience reads the times of a site.
func (a Audience) zoneOf(site config.Site) *time.Location {
	if a.Zone != nil {
		return a.Zone
	}
	return site.Location()
}
