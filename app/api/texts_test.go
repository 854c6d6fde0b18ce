package api

import (
	"reflect"
	"testing"
	"time"
)

type inner struct {
	Why  string `json:"why,omitempty"`
	List []string
}

type texts struct {
	Site string `path:"site"`
	Hook string `query:"hook,explode"`
	Body struct {
		inner
		inner2 string
		Run    *inner            `json:"run"`
		Tags   map[string]string `json:"tags"`
		At     time.Time         `json:"at"`
		N      int
	}
}

func TestANULIsFoundWhereverItIs(t *testing.T) {
	for place, put := range map[string]func(*texts){
		"":                 func(x *texts) { x.Site, x.Body.At, x.Body.inner2 = "www", time.Now(), "\x00" },
		"path.site":        func(x *texts) { x.Site = "\x00" },
		"query.hook":       func(x *texts) { x.Hook = "a\x00" },
		"body.why":         func(x *texts) { x.Body.Why = "\x00" },
		"body.run.why":     func(x *texts) { x.Body.Run = &inner{Why: "a\x00b"} },
		"body.run.List[1]": func(x *texts) { x.Body.Run = &inner{List: []string{"a", "\x00"}} },
		"body.tags.a":      func(x *texts) { x.Body.Tags = map[string]string{"a": "\x00"} },
	} {
		var in texts
		put(&in)
		got := ""
		if p := refuseNUL(reflect.ValueOf(&in)); p != nil {
			got = p.Errors[0].Location
		}
		if got != place {
			t.Errorf("the place is %q, want %q", got, place)
		}
	}
}
