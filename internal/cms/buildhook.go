package cms

import "strings"

// buildHook is a call that only asks for a build: Netlify's build hooks
// (https://docs.netlify.com/configure-builds/build-hooks/) with trigger_title,
// trigger_branch and clear_cache, Vercel's deploy hooks
// (https://vercel.com/docs/deploy-hooks) and Cloudflare's
// (https://developers.cloudflare.com/workers/ci-cd/builds/deploy-hooks/). It accepts any
// body, and none.
type buildHook struct {
	unsigned
	name, title string
}

// IsBuildHook says whether a dialect only asks for a release and names no content, so that
// rules about content can't apply.
func IsBuildHook(d Dialect) bool {
	_, ok := d.(buildHook)
	return ok
}

func (b buildHook) Name() string  { return b.name }
func (b buildHook) Title() string { return b.title }

func (b buildHook) Events(d Delivery) ([]Event, error) {
	values := form(d)
	o, _ := decode(d) // a body that is not JSON is ignored
	read := func(name string) string {
		for _, text := range []string{d.Query.Get(name), values.Get(name), o.text(name)} {
			if text = strings.TrimSpace(text); text != "" {
				return text
			}
		}
		return ""
	}
	e := Event{Name: "build_hook", Action: Changed, Type: "site", Title: read("trigger_title"), Environment: read("trigger_branch")}
	if e.Environment == "" {
		e.Environment = read("branch")
	}
	return []Event{e}, nil
}

func (b buildHook) Sample() Delivery {
	return Delivery{
		Method: "POST", Header: newHeader("Content-Type", "application/json"),
		Body: []byte(`{"trigger_title":"Opening hours was published"}`),
	}
}
