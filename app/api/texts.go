package api

import (
	"cmp"
	"context"
	"maps"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"github.com/pressrun/pressrun/app/problem"
	"github.com/pressrun/pressrun/internal/api"
)

// register adds a call whose texts hold no NUL: PostgreSQL stores none
// (https://www.postgresql.org/docs/current/datatype-character.html), and programs in C
// that read the texts end them there.
func register[I, O any](h huma.API, o huma.Operation, carryOut func(context.Context, *I) (*O, error)) {
	o.Middlewares = append(o.Middlewares, onlyKnown(h, reflect.TypeFor[I]()))
	huma.Register(h, o, func(ctx context.Context, in *I) (*O, error) {
		if p := nulIn(reflect.ValueOf(in), ""); p != nil {
			return nil, p
		}
		return carryOut(ctx, in)
	})
}

// onlyKnown refuses a query parameter that an operation does not know: if it ignored one,
// it would answer another question.
func onlyKnown(h huma.API, in reflect.Type) func(huma.Context, func(huma.Context)) {
	known := map[string]bool{}
	for i := range in.NumField() {
		if name, ok := in.Field(i).Tag.Lookup("query"); ok {
			known[name] = true
		}
	}
	names := slices.Sorted(maps.Keys(known))
	return func(ctx huma.Context, next func(huma.Context)) {
		u := ctx.URL()
		for name := range u.Query() {
			if known[name] {
				continue
			}
			p := problem.Invalid("query."+name, "is not known here")
			if len(names) > 0 {
				p = problem.Invalid("query."+name, "is not known here: "+strings.Join(names, ", ")+" are")
			}
			ctx.SetHeader("Content-Type", p.ContentType(""))
			ctx.SetStatus(p.Status)
			_ = h.Marshal(ctx.BodyWriter(), "application/json", p) // the caller may have gone
			return
		}
		next(ctx)
	}
}

// nulIn refuses the first text with a NUL in a value at a place.
func nulIn(v reflect.Value, place string) *api.Problem {
	switch v.Kind() { //nolint:exhaustive // all other kinds hold no text
	case reflect.String:
		if strings.ContainsRune(v.String(), 0) {
			return problem.Invalid(place, "must not contain the character NUL")
		}
	case reflect.Pointer, reflect.Interface:
		if !v.IsNil() {
			return nulIn(v.Elem(), place)
		}
	case reflect.Slice, reflect.Array:
		for i := range v.Len() {
			if p := nulIn(v.Index(i), place+"["+strconv.Itoa(i)+"]"); p != nil {
				return p
			}
		}
	case reflect.Map:
		for _, key := range v.MapKeys() {
			if p := cmp.Or(nulIn(key, place), nulIn(v.MapIndex(key), place+"."+key.String())); p != nil {
				return p
			}
		}
	case reflect.Struct:
		for i := range v.NumField() {
			field := v.Type().Field(i)
			if !field.IsExported() && !field.Anonymous {
				continue
			}
			if p := nulIn(v.Field(i), placeOf(field, place)); p != nil {
				return p
			}
		}
	}
	return nil
}

// placeOf is the place of a field, as huma names places.
func placeOf(field reflect.StructField, within string) string {
	if field.Anonymous {
		return within
	}
	if within == "" {
		for _, source := range []string{"path", "query", "header"} {
			if name, ok := field.Tag.Lookup(source); ok {
				name, _, _ = strings.Cut(name, ",")
				return source + "." + name
			}
		}
		return strings.ToLower(field.Name) // Body
	}
	name, _, _ := strings.Cut(field.Tag.Get("json"), ",")
	return within + "." + cmp.Or(name, field.Name)
}
