package rules

import (
	"path"
	"strings"

	"github.com/pressrun/pressrun/internal/pattern"
)

const (
	jsonType  = "application/json; charset=utf-8"
	plainType = "text/plain; charset=utf-8"
)

// wellKnownTypes are the types of files without an extension below .well-known, by the
// specifications that the registry names
// (https://www.iana.org/assignments/well-known-uris/).
var wellKnownTypes = map[string]string{ //nolint:gosec // G101: names and types, no secrets
	"apple-app-site-association":                    jsonType,
	"apple-developer-merchantid-domain-association": plainType,
	"apple-developer-domain-association":            plainType,
	"com.apple.remotemanagement":                    jsonType,
	"com.apple.app-site-association":                jsonType,
	"microsoft-identity-association":                jsonType,
	"web-identity":                                  jsonType, // FedCM
	"openid-configuration":                          jsonType, // OpenID Connect Discovery 4.2
	"openid-federation":                             "application/entity-statement+jwt",
	"openid-credential-issuer":                      jsonType,
	"oauth-authorization-server":                    jsonType, // RFC 8414
	"oauth-protected-resource":                      jsonType, // RFC 9728
	"uma2-configuration":                            jsonType,
	"smart-configuration":                           jsonType,
	"jwt-vc-issuer":                                 jsonType,
	"jwks":                                          "application/jwk-set+json; charset=utf-8", // RFC 7517
	"webfinger":                                     "application/jrd+json; charset=utf-8",     // RFC 7033
	"nodeinfo":                                      jsonType,
	"x-nodeinfo2":                                   jsonType,
	"host-meta":                                     "application/xrd+xml; charset=utf-8",      // RFC 6415
	"api-catalog":                                   "application/linkset+json; charset=utf-8", // RFC 9727
	"security":                                      plainType,
	"atproto-did":                                   plainType,
	"webauthn":                                      jsonType,
	"passkey-endpoints":                             jsonType,
	"traffic-advice":                                "application/trafficadvice+json; charset=utf-8",
	"private-aggregation":                           jsonType,
	"related-website-set":                           jsonType,
	"ni":                                            unknownType,
	"void":                                          "text/turtle; charset=utf-8",
	"csvm":                                          plainType,
	"jmap":                                          jsonType,                  // RFC 8620
	"core":                                          "application/link-format", // RFC 6690
	"reload-config":                                 "application/xml; charset=utf-8",
	"stun-key":                                      plainType,
	"discord":                                       plainType,
	"keybase":                                       plainType,
	"hosting-provider":                              plainType,
	"http-opportunistic":                            jsonType, // RFC 8164
	"looking-glass":                                 plainType,
	"change-password":                               "text/html; charset=utf-8",
	"mercure":                                       jsonType,
	"solid":                                         jsonType,
	"timezone":                                      jsonType,
	"gpc":                                           jsonType,
	"genid":                                         plainType,
	"coap-eap":                                      plainType,
	"agent-card":                                    jsonType,
	"mcp":                                           jsonType,
	"oauth-client":                                  jsonType,
	"matrix/client":                                 jsonType,
	"matrix/server":                                 jsonType,
	"matrix/support":                                jsonType,
	"http-message-signatures-directory":             "application/http-message-signatures-directory+json",
	"wot":                                           "application/td+json; charset=utf-8", // W3C WoT Discovery
	"resourcesync":                                  "application/xml; charset=utf-8",     // ANSI/NISO Z39.99
	"privacy-sandbox-attestations":                  jsonType,
	"private-state-token/key-commitment":            jsonType,
}

// wellKnownFolders are folders of such files.
var wellKnownFolders = []struct{ prefix, kind string }{
	{"acme-challenge/", plainType}, // RFC 8555 8.3
	{"pki-validation/", plainType},
	{"lnurlp/", jsonType},
	{"keri/", jsonType},
	{"nodeinfo/", jsonType},
	{"oauth-authorization-server/", jsonType},
	{"oauth-protected-resource/", jsonType},
	{"openid-configuration/", jsonType},
}

// siteFiles are text files without an extension, usually at a site's root.
var siteFiles = pattern.Of(`(?i)^(CNAME|LICEN[CS]E|README|CHANGELOG|COPYING|AUTHORS|NOTICE|HUMANS)$`)

// namedType is the type of a file by its full name.
func namedType(name string) (string, bool) {
	base := path.Base(name)
	switch {
	case siteFiles().MatchString(base):
		return plainType, true
	case base == "apple-app-site-association": // at the root too, for iOS 8 and earlier
		return jsonType, true
	case base == "feed" || base == "rss":
		return "application/rss+xml; charset=utf-8", true
	case base == "atom":
		return "application/atom+xml; charset=utf-8", true
	}
	_, below, ok := strings.Cut("/"+name, "/.well-known/")
	if !ok {
		return "", false
	}
	if t, ok := wellKnownTypes[below]; ok {
		return t, true
	}
	if HasKnownExtension(below) {
		return "", false
	}
	if strings.HasPrefix(below, "openpgpkey/") && base == "policy" { // of the domain, or of each
		return plainType, true
	}
	for _, folder := range wellKnownFolders {
		if strings.HasPrefix(below, folder.prefix) {
			return folder.kind, true
		}
	}
	return "", false
}

// IsUntyped says whether the type of a file below .well-known is unknown: it is served as a
// download, which the clients of such files refuse.
func IsUntyped(name string) bool {
	return strings.Contains("/"+name, "/.well-known/") && ContentType(name) == unknownType && !strings.Contains(name, "/openpgpkey/")
}
