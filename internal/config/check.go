package config

import (
	"fmt"
	"maps"
	"net"
	"net/netip"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/pressrun/pressrun/internal/config/strict"
	"github.com/pressrun/pressrun/internal/password"
	"github.com/pressrun/pressrun/internal/pattern"
	"github.com/pressrun/pressrun/internal/words"
)

// checker reports mistakes that the decoder can't find: values that make no sense, or
// contradict others.
type checker struct {
	*strict.File
	folder string
	config *Config
	// icalendars caches the files of holidays, by path.
	icalendars map[string]icalendar
	// machine says that files and folders must exist on this machine; secrets says that
	// for files with secrets only.
	machine, secrets bool
	// rules are the sites with a protection rule, by waitsAt; nil until they are needed.
	rules map[string][]string
	// several says that sites have files of their own.
	several bool
}

func (l *loader) checker(folder string) *checker {
	return &checker{File: l.File, folder: folder, config: &l.config, icalendars: map[string]icalendar{}, several: l.several}
}

// all reports every mistake of a decoded configuration.
func (k *checker) all() {
	c := k.config
	k.listen()
	k.webURL("url", c.URL, "the app's public address, such as https://pressrun.example.gov")
	k.bareURL("url", c.URL)
	k.reach()
	k.language()
	k.tokens()
	checkLedger(k)
	checkSignIn(k)
	checkGitHub(k)
	checkHolidays(k)
	checkKeep(k)
	checkSlots(k)
	checkGroups(k)
	k.sites()
}

// wrong reports a mistake, unless the value could not even be read.
func (k *checker) wrong(key, format string, args ...any) {
	if !k.Reported(key) {
		k.Wrong(key, fmt.Sprintf(format, args...))
	}
}

func (k *checker) language() {
	if tags := words.Tags(); k.config.Pages.Language != "" && !slices.Contains(tags, k.config.Pages.Language) {
		k.wrong("pages.language", "%q is no language of the pages; expected %s", k.config.Pages.Language, strings.Join(tags, " or "))
	}
}

func (k *checker) listen() {
	if !k.Has("listen") {
		return
	}
	host, port, err := net.SplitHostPort(k.config.Listen)
	if err != nil || !validPort(port) {
		k.wrong("listen", "%q is no address to listen on; expected host:port, such as 127.0.0.1:8080", k.config.Listen)
		return
	}
	if k.config.Pages.Access == AccessLoopback && !loopback(host) {
		k.wrong("listen", "%q can be reached from other machines while pages.access is loopback, which asks nobody who they are; expected a loopback address such as 127.0.0.1:8080, or pages.access: token", k.config.Listen)
	}
}

// reach refuses a public address for an app without sign-in: a proxy in front of it would
// make everybody an operator.
func (k *checker) reach() {
	u, err := url.Parse(k.config.URL)
	if err != nil || !k.Has("url") || k.config.Pages.Access != AccessLoopback || loopback(u.Hostname()) {
		return
	}
	k.wrong("url", "%q is reached from other machines while pages.access is loopback, which asks nobody who they are; expected no url, a loopback address, or pages.access: token", k.config.URL)
}

func validPort(port string) bool {
	number, err := strconv.ParseUint(port, 10, 16)
	return err == nil && strconv.FormatUint(number, 10) == port
}

func loopback(host string) bool {
	if host == "localhost" {
		return true
	}
	address, err := netip.ParseAddr(host)
	return err == nil && address.IsLoopback()
}

// tokenName matches the names of tokens and people, which appear in addresses, file names
// and pages.
var tokenName = pattern.Of(`^[A-Za-z0-9][A-Za-z0-9._@-]{0,99}$`)

var hexHash = pattern.Of(`^[0-9a-f]{64}$`)

// emptyHash is the SHA-256 of no bytes, the result of a pipe from a failed command.
const emptyHash = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"

func (k *checker) tokens() {
	if len(k.config.Tokens) == 0 && !k.config.SignIn.any() && k.config.Pages.Access != AccessLoopback {
		k.wrong("tokens", "there is no token, so nobody could ask for anything; make one with: pressrun token new NAME --role operator")
	}
	names, hashes := map[string]int{}, map[string]int{}
	for i, t := range k.config.Tokens {
		key := fmt.Sprintf("tokens[%d]", i)
		k.token(key, t)
		k.once(names, t.Name, i, key+".name", "the name")
		if hexHash().MatchString(t.SHA256) {
			k.once(hashes, t.SHA256, i, key+".sha256", "the hash")
		}
	}
}

// once reports a value that two tokens must not share.
func (k *checker) once(seen map[string]int, value string, i int, key, what string) {
	if first, ok := seen[value]; ok && value != "" {
		k.WrongSecret(key, fmt.Sprintf("%s is that of tokens[%d] too; expected another, so that the records tell who did what", what, first))
		return
	}
	seen[value] = i
}

func (k *checker) token(key string, t Token) {
	if t.Name != "" && !tokenName().MatchString(t.Name) || k.Has(key+".name") && t.Name == "" {
		k.wrong(key+".name", "%q is no name of a token; expected letters, digits and . _ @ - (at most 100)", t.Name)
	}
	k.tokenHash(key+".sha256", t.SHA256)
	k.knownSites(key, t.Sites)
}

// tokenHash never repeats the value: it may be the token itself.
func (k *checker) tokenHash(key, hash string) {
	switch {
	case !k.Has(key):
	case !hexHash().MatchString(hash) && placeholders().MatchString(hash), hexHash().MatchString(hash) && madeUp(hash):
		k.WrongSecret(key, "is a placeholder; make a token with: pressrun token new NAME --role operator, and put its hash here")
	case !hexHash().MatchString(hash) || hash == emptyHash:
		k.WrongSecret(key, "is not the hash of a token; expected 64 digits and letters a to f, as pressrun token prints them (never the token itself)")
	case password.IsGuessedHash(hash):
		k.WrongSecret(key, "is the hash of a word that is guessed first; make a token with: pressrun token new NAME --role operator")
	}
}

// placeholders matches the text that examples have in place of a hash.
var placeholders = pattern.Of(`(?i)(put|paste|your|replace|change|insert|example|todo|hash|xxx|<|\.\.\.)`)

// madeUp says whether a hash was not computed: it repeats a digit, or has the digits in order.
func madeUp(hash string) bool {
	different := map[rune]bool{}
	for _, c := range hash {
		different[c] = true
	}
	return len(different) < 6 || strings.Contains(hash, "0123456789abcdef") || strings.Contains(hash, "00112233445566778")
}

// namesShown bounds how many sites a mistake lists.
const namesShown = 30

func (k *checker) siteNames() string {
	names := slices.Sorted(maps.Keys(k.config.Sites))
	if len(names) > namesShown {
		return fmt.Sprintf("the %d sites that there are", len(names))
	}
	if len(names) == 0 {
		return "the names under sites, where there are none yet"
	}
	return strings.Join(names, ", ")
}

// bareURL refuses a query and a fragment in an address to which paths are appended.
func (k *checker) bareURL(key, text string) {
	if u, err := url.Parse(text); err == nil && k.Has(key) && (u.RawQuery != "" || u.Fragment != "") {
		k.wrong(key, "%q has a query or a fragment; expected the address alone", text)
	}
}

// webURL checks an http or https address, if there is one.
func (k *checker) webURL(key, text, what string) {
	if !k.Has(key) {
		return
	}
	u, err := url.Parse(text)
	if err == nil && u.User != nil {
		k.WrongSecret(key, "has a user or password in it; expected "+what+", and no secret in the configuration")
		return
	}
	if err != nil || (u.Scheme != "http" && u.Scheme != "https") || u.Hostname() == "" {
		k.wrong(key, "%q is no http or https address; expected %s", text, what)
	}
}
