package api

import (
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/pressrun/pressrun/app/problem"
	"github.com/pressrun/pressrun/app/view"
	"github.com/pressrun/pressrun/internal/api"
)

// zoned has the sentences of an answer tell times in the zone that the caller's header
// names; without one, in each site's zone.
func (g guard) zoned(ctx huma.Context, next func(huma.Context)) {
	name := ctx.Header(api.TimeZoneHeader)
	if name == "" {
		next(ctx)
		return
	}
	zone, err := time.LoadLocation(name)
	if err == nil && name != "Local" { // which would be that of the app's machine
		next(huma.WithContext(ctx, view.For(ctx.Context(), view.Audience{Zone: zone})))
		return
	}
	p := problem.New(http.StatusUnprocessableEntity, "invalid", "the header "+api.TimeZoneHeader+" names no time zone; an IANA name such as Europe/London is expected")
	ctx.SetHeader("Content-Type", p.ContentType(""))
	ctx.SetStatus(p.Status)
	if err := g.huma.Marshal(ctx.BodyWriter(), "application/json", p); err != nil {
		g.log.Debug("a refusal could not be sent", "error", err)
	}
}
