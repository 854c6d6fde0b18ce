package redact

import (
	"encoding/json"
	"net/url"
	"slices"
	"strings"
	"unicode"
)

// shortest is the length, in bytes, from which a value is searched for: shorter ones
// would be found in unrelated words. From passwordLength to it, only values that look
// like no word are searched for.
const (
	shortest       = 8
	passwordLength = 6
)

// common are values that are not secret, and words that every log has.
var common = words(`true false yes no on off none null undefined enabled disabled required optional
	production staging development preview testing test local localhost default public private internal external
	admin administrator root guest anonymous postgres postgresql mysql mariadb drupal wordpress
	password passwd secret token username credentials unlimited always never sandbox example latest stable
	readonly read-only us-east-1 eu-west-1 eu-central-1 client_credentials authorization_code`)

// tellsNothing says whether a value is a word that occurs in texts for other reasons.
// allowed are such words of the site.
func tellsNothing(value string, allowed []string) bool {
	lower := strings.ToLower(value)
	return common[lower] || slices.Contains(allowed, lower)
}

// isFound says whether a value is long and unusual enough to be searched for.
func isFound(value string, allowed []string) bool {
	if len(value) < passwordLength || tellsNothing(value, allowed) || isPath(value) {
		return false
	}
	if len(value) >= shortest {
		return true
	}
	digit := strings.ContainsFunc(value, unicode.IsDigit)
	return digit && strings.ContainsFunc(value, unicode.IsLetter) ||
		strings.ContainsFunc(value, func(r rune) bool { return unicode.IsPunct(r) || unicode.IsSymbol(r) })
}

// isPath says whether a value is the path of a file. A secret may begin with a slash, as
// base64 does, but has no second folder of plain words.
func isPath(value string) bool {
	for _, begin := range []string{"/usr/", "/etc/", "/run/", "/var/", "/home/", "/root/", "/opt/", "/tmp/", "/mnt/", "/srv/", "/Users/", "~/", "./", "../", `C:\`} {
		if strings.HasPrefix(value, begin) {
			return true
		}
	}
	return false
}

// Secrets returns the secrets of an environment: the values of variables whose names say
// so, and the passwords in the addresses that any variable holds.
func Secrets(env map[string]string) []string {
	var out []string
	for name, value := range env {
		if IsSecretName(name) {
			out = append(out, inValue(value)...)
		}
		for _, place := range places(value) {
			out = append(out, decoded(value[place.from:place.to])...)
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// inValue are the secrets in a secret variable's value: fields of a JSON document, else
// the whole value and its lines.
func inValue(value string) []string {
	value = strings.TrimSpace(value)
	var document any
	if strings.HasPrefix(value, "{") && json.Unmarshal([]byte(value), &document) == nil {
		return inJSON(document, false)
	}
	out := []string{value}
	if user, password, ok := strings.Cut(value, ":"); ok && user != "" && !strings.ContainsAny(value, "/ \n") {
		out = append(out, password) // BASIC_AUTH=user:password
	}
	for line := range strings.Lines(value) {
		out = append(out, strings.TrimSpace(line))
		if words := strings.Fields(line); slices.Contains(words, "password") { // netrc(5)
			for i, word := range words[:len(words)-1] {
				if word == "password" {
					out = append(out, words[i+1])
				}
			}
		}
	}
	return out
}

// inJSON are the strings in fields with names of secrets.
func inJSON(document any, secret bool) []string {
	var out []string
	switch v := document.(type) {
	case map[string]any:
		for name, field := range v {
			lower := strings.ToLower(name)
			is := secret || IsSecretName(name) || lower == "auth" || lower == "key" || strings.Contains(lower, "oauth") || strings.HasPrefix(lower, "http-basic")
			out = append(out, inJSON(field, is && lower != "username" && lower != "email")...)
		}
	case []any:
		for _, field := range v {
			out = append(out, inJSON(field, secret)...)
		}
	case string:
		if secret {
			out = append(out, v)
			for line := range strings.Lines(v) {
				out = append(out, strings.TrimSpace(line))
			}
		}
	}
	return out
}

// decoded is a part of an address, as written and percent-decoded.
func decoded(value string) []string {
	out := []string{value}
	if plain, err := url.PathUnescape(value); err == nil && plain != value {
		out = append(out, plain)
	}
	return out
}
