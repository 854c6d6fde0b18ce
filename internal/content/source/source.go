// Package source has the CMSs that content is read from, a file each: which lists one
// has, and how they are read. A new one is a file here and a line in Kinds;
// suite_test.go tests all of them alike.
package source

import (
	"context"
	"encoding/base64"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/pressrun/pressrun/internal/content"
	"github.com/pressrun/pressrun/internal/content/fetch"
)

// Asker asks a source; *fetch.Client does.
type Asker interface {
	Ask(ctx context.Context, r content.Request, read func(fetch.Answer) error) error
}

// Kind is a CMS, or another API, that content can be read from.
type Kind struct {
	Name string
	// Title is its name for people.
	Title string
	// Lists finds a source's lists; it may ask the source.
	Lists func(ctx context.Context, ask Asker, s Settings) ([]content.Type, error)
	// Credential is the credential for a secret.
	Credential func(secret string) fetch.Credential
}

// Kinds are all kinds, in the order in which people see them.
var Kinds = []Kind{wordPress, drupal, wagtail, ghost, directus, strapi, contentful, rest, graphQL}

// Find finds a kind by its name.
func Find(name string) (Kind, error) {
	for _, k := range Kinds {
		if k.Name == name {
			return k, nil
		}
	}
	return Kind{}, fmt.Errorf("%q is no kind of source; expected one of %s", name, strings.Join(Names(), ", "))
}

// Names are the names of all kinds.
func Names() []string {
	var names []string
	for _, k := range Kinds {
		names = append(names, k.Name)
	}
	return names
}

// chosen are the lists with the given names; all if none is given.
func chosen(lists []content.Type, names []string) ([]content.Type, error) {
	if len(names) == 0 {
		if len(lists) == 0 {
			return nil, fmt.Errorf("the source has no list that can be read; check the address and the kind")
		}
		return lists, nil
	}
	var found []content.Type
	for _, name := range names {
		i := slices.IndexFunc(lists, func(t content.Type) bool { return t.Name == name })
		if i < 0 {
			var have []string
			for _, t := range lists {
				have = append(have, t.Name)
			}
			return nil, fmt.Errorf("the source has no type %q; it has %s", name, strings.Join(have, ", "))
		}
		found = append(found, lists[i])
	}
	return found, nil
}

// Copied are the lists that a copy was made of, as recorded when it was made.
func Copied(ctx context.Context, k Kind, recorded *Recording, s Settings, snapshot *content.Snapshot) ([]content.Type, error) {
	for _, r := range snapshot.Records {
		if !slices.Contains(s.Types, r.Type) {
			s.Types = append(s.Types, r.Type)
		}
	}
	return k.Lists(ctx, recorded, s)
}

func askJSON(ctx context.Context, ask Asker, address string) (content.Object, error) {
	var found content.Object
	err := ask.Ask(ctx, content.Request{Method: http.MethodGet, URL: address}, func(a fetch.Answer) (err error) {
		if found, err = content.ParseObject(a.Body); err != nil {
			return fmt.Errorf("%w: it %w", content.ErrNotAList, err)
		}
		return nil
	})
	return found, err
}

// bearer sends a token as RFC 6750 has it.
func bearer(token string) fetch.Credential {
	return fetch.Credential{Header: http.Header{"Authorization": {"Bearer " + token}}}
}

// basicOrBearer sends USER:PASSWORD as RFC 7617 has it, and a secret without a colon as a token.
func basicOrBearer(secret string) fetch.Credential {
	if strings.Contains(secret, ":") {
		return fetch.Credential{Header: http.Header{"Authorization": {"Basic " + base64.StdEncoding.EncodeToString([]byte(secret))}}}
	}
	return bearer(secret)
}

// listed asks for several ids in one parameter.
func listed(param string) func([]string) url.Values {
	return func(ids []string) url.Values { return url.Values{param: {strings.Join(ids, ",")}} }
}
