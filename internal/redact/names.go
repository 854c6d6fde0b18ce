package redact

import (
	"slices"
	"strings"
	"unicode"
)

// The words in names of secrets, by their position in the name.
var (
	anywhere = words("token tokens secret secrets password passwords passwd passphrase passcode pwd credential credentials apikey accesskey secretkey privatekey accountkey dsn pat bearer jwt totp unseal mnemonic sshpass dbpass dbpw")
	atEnd    = words("key keys pass auth netrc salt signature sig cookie cookies pw pin sas")
	suffixes = []string{"password", "passwd", "passphrase", "token", "secret", "apikey", "pwd"}
	// A name with one of these ends is about a secret, and does not hold it.
	about = words("file path dir directory folder name names user username url uri host ttl length len expiry expires expiration lifetime timeout enabled type count limit version mode region endpoint algorithm prefix permissions sock socket field label placeholder hint")
	// Words before "key" for keys that are not secret.
	plainKeys = words("public cache sort primary partition foreign object row route query group hot publishable idempotency publickey")
	// Words before "key" where the name goes on: AWS_ACCESS_KEY_ID, API_KEY_PROD.
	secretKeys = words("api access private secret signing encryption account master admin deploy license service")
)

func words(list string) map[string]bool {
	out := map[string]bool{}
	for word := range strings.FieldsSeq(list) {
		out[word] = true
	}
	return out
}

// IsSecretName says whether a variable, a field or a parameter of this name holds
// a secret, by the words in its name: PGPASSWORD, ALGOLIA_ADMIN_KEY, accessToken.
func IsSecretName(name string) bool {
	parts := split(name)
	if len(parts) == 0 || slices.Equal(parts, []string{"pwd"}) || slices.Equal(parts, []string{"oldpwd"}) || slices.Equal(parts, []string{"init", "pwd"}) {
		return false // PWD is where a shell is
	}
	last := parts[len(parts)-1]
	if about[last] {
		return false
	}
	for i, part := range parts {
		switch {
		case anywhere[part]:
			return true
		case slices.ContainsFunc(suffixes, func(s string) bool { return strings.HasSuffix(part, s) }):
			return true
		case part == "key" && i > 0 && plainKeys[parts[i-1]]:
			return false
		case part == "key" && i > 0 && secretKeys[parts[i-1]]:
			return true
		case part == "connection" && i+1 < len(parts) && (parts[i+1] == "string" || parts[i+1] == "str"),
			part == "conn" && i+1 < len(parts) && strings.HasPrefix(parts[i+1], "str"),
			part == "connectionstring":
			return true
		}
	}
	// "key" or "auth" alone may be any parameter.
	return len(parts) > 1 && atEnd[last] || last == "netrc"
}

// split gives the words of a name, in lower case: api-key, API_KEY and apiKey are
// the same.
func split(name string) []string {
	var parts []string
	var part []rune
	end := func() {
		if len(part) > 0 {
			parts = append(parts, strings.ToLower(string(part)))
			part = part[:0]
		}
	}
	letters := []rune(name)
	for i, r := range letters {
		switch {
		case !unicode.IsLetter(r) && !unicode.IsDigit(r):
			end()
			continue
		case i > 0 && unicode.IsUpper(r) && unicode.IsLower(letters[i-1]),
			i > 0 && i+1 < len(letters) && unicode.IsUpper(r) && unicode.IsUpper(letters[i-1]) && unicode.IsLower(letters[i+1]):
			end()
		}
		part = append(part, r)
	}
	end()
	return parts
}
