package view

import (
	"context"
	"time"

	"github.com/pressrun/pressrun/internal/config"
	"github.com/pressrun/pressrun/internal/words"
)

// Audience is who reads what is shown. The zero Audience reads English, by the clock of
// each site: the API and the command line, unless they ask for a zone.
type Audience struct {
	Language words.Language
	// Zone is the reader's, nil for that of each site.
	Zone *time.Location
}

type audienceKey struct{}

// For has all that is read with the context speak to an audience.
func For(ctx context.Context, a Audience) context.Context {
	return context.WithValue(ctx, audienceKey{}, a)
}

// AudienceOf is the audience that a context was given.
func AudienceOf(ctx context.Context) Audience {
	a, _ := ctx.Value(audienceKey{}).(Audience)
	return a
}

// zoneOf is by which clock the audience is told of a site.
func (a Audience) zoneOf(site config.Site) *time.Location {
	if a.Zone != nil {
		return a.Zone
	}
	return site.Location()
}
