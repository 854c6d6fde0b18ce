package api

import (
	"cmp"
	"context"
	"maps"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"

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
		if p := refuseNUL(reflect.ValueOf(in)); p != nil {
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
		if u.RawQuery == "" {
			next(ctx)
			return
		}
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

// refuseNUL refuses the first text with a NUL in a value.
func refuseNUL(v reflect.Value) *api.Problem {
	if place, found := nulIn(v, true); found {
		return problem.Invalid(place, "must not contain the character NUL")
	}
	return nil
}

// nulIn finds the first text with a NUL in a value, and its place below that. Each call's
// texts are read by it, so a place is made only of a text that is found.
func nulIn(v reflect.Value, top bool) (place string, found bool) {
	switch v.Kind() { //nolint:exhaustive // all other kinds hold no text
	case reflect.String:
		return "", strings.ContainsRune(v.String(), 0)
	case reflect.Pointer, reflect.Interface:
		if !v.IsNil() {
			return nulIn(v.Elem(), top)
		}
	case reflect.Slice, reflect.Array:
		for i := range v.Len() {
			if place, found = nulIn(v.Index(i), false); found {
				return "[" + strconv.Itoa(i) + "]" + place, true
			}
		}
	case reflect.Map:
		for _, key := range v.MapKeys() {
			if place, found = nulIn(key, false); found {
				return place, true
			}
			if place, found = nulIn(v.MapIndex(key), false); found {
				return "." + key.String() + place, true
			}
		}
	case reflect.Struct:
		return nulInStruct(v, top)
	}
	return "", false
}

func nulInStruct(v reflect.Value, top bool) (place string, found bool) {
	t := v.Type()
	if t == reflect.TypeFor[time.Time]() {
		return "", false
	}
	for i := range v.NumField() {
		value := v.Field(i)
		if !value.CanInterface() && !t.Field(i).Anonymous {
			continue // unexported: no caller sets it
		}
		if place, found = nulIn(value, top && t.Field(i).Anonymous); found {
			return placeOf(t.Field(i), top) + place, true
		}
	}
	return "", false
}

// placeOf is the place of a field, as huma names places; those of an operation's input are at the top.
func placeOf(field reflect.StructField, top bool) string {
	if field.Anonymous {
		return ""
	}
	if !top {
		name, _, _ := strings.Cut(field.Tag.Get("json"), ",")
		return "." + cmp.Or(name, field.Name)
	}
	for _, source := range []string{"path", "query", "header"} {
		if name, ok := field.Tag.Lookup(source); ok {
			name, _, _ = strings.Cut(name, ",")
			return source + "." + name
		}
	}
	return strings.ToLower(field.Name) // Body
}
