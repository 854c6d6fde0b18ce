package config

import (
	"fmt"
	"strings"

	"github.com/pressrun/pressrun/internal/notify"
	"github.com/pressrun/pressrun/internal/outbound"
)

// Target is who is told what happens to a site.
type Target struct {
	// Name tells the site's targets apart, in commands and in all records.
	Name string `yaml:"name" json:"name"`
	// Kind is the form in which it is told: webhook (signed CloudEvents), netlify
	// or datocms; docs/notices.md tells of each.
	Kind string `yaml:"kind" json:"kind"`
	// URL is its address: https, or plain http on this machine.
	URL string `yaml:"url" json:"url,omitempty"`
	// URLFile holds the address instead, where that is a secret.
	URLFile string `yaml:"url_file" json:"url_file,omitempty"`
	// SecretFile holds the secret with which messages are signed: one a line, the
	// newest first.
	SecretFile string `yaml:"secret_file" json:"secret_file,omitempty"`
	// Events are what it is told of, such as request.* or release.live; all that
	// its kind can tell when left out.
	Events []string `yaml:"events" json:"events,omitempty"`
}

// Selected are the types that a target is told of; nil for all.
func (t Target) Selected() ([]notify.Type, error) {
	if t.Events == nil {
		return nil, nil
	}
	return notify.Selected(t.Events)
}

// Target is the site's target of a name.
func (s Site) Target(name string) (Target, bool) {
	for _, t := range s.Notify {
		if t.Name == name {
			return t, true
		}
	}
	return Target{}, false
}

func checkNotify(k *checker, key string, s Site) {
	seen := map[string]int{}
	for i, t := range s.Notify {
		at := fmt.Sprintf("%s.notify[%d]", key, i)
		if k.has(at+".name") && !siteName.MatchString(t.Name) {
			k.wrong(at+".name", "%q is no name of a target; expected small letters, digits and hyphens (at most 63), such as cms", t.Name)
		}
		if first, twice := seen[t.Name]; twice && t.Name != "" {
			k.wrong(at+".name", "notify[%d] is called %q too; expected another name", first, t.Name)
		}
		seen[t.Name] = i
		checkTarget(k, at, t)
	}
}

func checkTarget(k *checker, at string, t Target) {
	checkAddress(k, at, t.URL, t.URLFile)
	kind, known := notify.FindKind(t.Kind)
	if !known {
		if k.has(at + ".kind") {
			k.wrong(at+".kind", "%q is no kind of target; expected one of %s", t.Kind, strings.Join(notify.KindNames(), ", "))
		}
		return
	}
	switch signed := k.has(at + ".secret_file"); {
	case signed && t.SecretFile == "":
		k.wrong(at+".secret_file", "is empty; expected the file with the secret")
	case signed && kind.Secret == notify.SecretNever:
		k.wrong(at+".secret_file", "messages of kind %s are not signed: the secret is the address; expected no such key", kind.Name)
	case !signed && kind.Secret == notify.SecretNeeded:
		k.wrong(at, "messages of kind %s are signed; expected secret_file, with a secret such as from: echo whsec_$(openssl rand -base64 32)", kind.Name)
	}
	for i, pattern := range t.Events {
		eventAt := fmt.Sprintf("%s.events[%d]", at, i)
		types, err := notify.Selected([]string{pattern})
		if err != nil {
			k.wrong(eventAt, "%v; expected some of %s, or a beginning and *, such as request.*", err, typeList(kind))
			continue
		}
		told := false
		for _, one := range types {
			told = told || kind.Can(one)
		}
		if !told {
			k.wrong(eventAt, "kind %s does not tell of %q; expected some of %s", kind.Name, pattern, typeList(kind))
		}
	}
}

func typeList(kind notify.Kind) string {
	var words []string
	for _, t := range notify.Types() {
		if kind.Can(t) {
			words = append(words, string(t))
		}
	}
	return strings.Join(words, ", ")
}

// checkAddress checks an address that is called, given itself or by a file.
func checkAddress(k *checker, at, address, file string) {
	hasURL, hasFile := k.has(at+".url"), k.has(at+".url_file")
	switch {
	case hasURL && hasFile:
		k.wrong(at+".url_file", "the address is given or in a file; expected one of url and url_file")
	case !hasURL && !hasFile:
		k.wrong(at, "has no address; expected url, or url_file where the address is a secret")
	case hasFile && file == "":
		k.wrong(at+".url_file", "is empty; expected the file with the address")
	}
	if !hasURL {
		return
	}
	if err := outbound.Check(address); err != nil {
		k.addSecret(k.at(at+".url"), at+".url", err.Error())
	}
}
