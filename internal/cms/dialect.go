package cms

import (
	"slices"
	"time"
)

// Dialect is how one system calls a hook.
type Dialect interface {
	// Name is the dialect's name in a configuration, as "ghost".
	Name() string
	// Title is the system's own name.
	Title() string
	// Verify says whether one of the secrets signed a delivery, and lately. The
	// error is a *SignatureError. A dialect without signatures is not asked: its
	// secret is the hook's address.
	Verify(d Delivery, secrets []string, now time.Time) error
	// Events reads what happened. The error is a *FormatError.
	Events(d Delivery) ([]Event, error)
	// Sample is a delivery of this system, not yet signed.
	Sample() Delivery
	// Sign signs a delivery as the system does. An unsigned dialect changes nothing.
	Sign(d *Delivery, secret string, now time.Time)
	// Signed says whether the system can sign what it sends.
	Signed() bool
}

// SampleTime is the time in all samples, to the second.
const SampleTime = "2026-11-28T12:00:00"

// dialects is the table. A new system is one file beside this one and one line
// here.
var dialects = []Dialect{
	buildHook{name: "cloudflare", title: "Cloudflare's deploy hook"},
	contentful{},
	datocms{},
	directus{},
	drupal{},
	generic{},
	ghost{},
	gitHub{},
	buildHook{name: "netlify", title: "Netlify's build hook"},
	prismic{},
	sanity{},
	standard{name: "standard", title: "Standard Webhooks"},
	storyblok{},
	strapi{},
	buildHook{name: "vercel", title: "Vercel's deploy hook"},
	standard{name: "wagtail", title: "Wagtail"},
	standard{name: "wordpress", title: "WordPress"},
}

// Find is the dialect of a name; ok is false when there is none.
func Find(name string) (d Dialect, ok bool) {
	i := slices.IndexFunc(dialects, func(d Dialect) bool { return d.Name() == name })
	if i < 0 {
		return nil, false
	}
	return dialects[i], true
}

// Names lists the dialects, sorted.
func Names() []string {
	names := make([]string, len(dialects))
	for i, d := range dialects {
		names[i] = d.Name()
	}
	return names
}

// unsigned is part of the dialects whose systems do not sign: the secret is the
// hook's address.
type unsigned struct{}

func (unsigned) Verify(Delivery, []string, time.Time) error { return nil }
func (unsigned) Sign(*Delivery, string, time.Time)          {}
func (unsigned) Signed() bool                               { return false }
