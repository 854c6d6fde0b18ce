package fakes3

import (
	"net/http"
	"strings"
)

// inTheWay gives the error of a write whose key would be another's folder, or lie in
// one that is a key, in the words of versitygw; "" where nothing is in its way.
func (b *handler) inTheWay() string {
	writes := b.r.Method == http.MethodPut || (b.r.Method == http.MethodPost && b.r.URL.Query().Has("uploadId"))
	if !b.server.Lacks.NestedKeys || !writes {
		return ""
	}
	for key := range b.objects {
		switch {
		case strings.HasPrefix(b.key, key+"/"):
			return "ObjectParentIsFile"
		case strings.HasPrefix(key, b.key+"/"):
			return "ExistingObjectIsDirectory"
		}
	}
	return ""
}
