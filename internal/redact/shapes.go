package redact

import (
	"regexp"
	"slices"
	"strings"
	"sync"
	"unicode"
)

// span is a part of a text, in bytes.
type span struct{ from, to int }

// pattern finds secrets: its last group, or the whole match if it has none. A text
// without any of its hints is skipped, since most texts have no secret.
type pattern struct {
	hints []string // in lower case
	at    bool     // an @ must be there besides a hint
	find  func() *regexp.Regexp
	named bool // the first group is a name that must be a secret's: one of stems is in it
	// near, if not nil, says whether a name with one of stems is where the expression
	// needs it. Most log lines with a stem have it elsewhere.
	near func(text string) bool
	is   func(value string) bool
}

// The shapes of tokens and keys by their makers' documents:
// https://docs.github.com/en/code-security/reference/secret-security/supported-secret-scanning-patterns
// lists most of them.
var shapes = []pattern{
	{hints: []string{"gho_", "ghp_", "ghs_", "ghu_", "ghr_", "github_pat_"}, find: expression(`\b(?:gh[opsur]_[A-Za-z0-9][A-Za-z0-9_.-]{18,}|github_pat_[A-Za-z0-9_]{20,})`)},
	{hints: []string{"glpat-", "gldt-", "glrt-", "glptt-", "glcbt-", "glsoat-"}, find: expression(`\bgl(?:pat|dt|rt|ptt|cbt|soat)-[A-Za-z0-9_.-]{16,}`)},
	{hints: []string{"akia", "asia"}, find: expression(`\b(?:AKIA|ASIA)[A-Z0-9]{16}\b`)},
	{hints: []string{"xox", "xapp-"}, find: expression(`\b(?:xox[a-z](?:\.xox[a-z])?|xapp)-[A-Za-z0-9-]{10,}`)},
	{hints: []string{"hooks.slack.com/"}, find: expression(`hooks\.slack\.com/(?:services|workflows|triggers)/([A-Za-z0-9/_-]{10,})`)},
	{hints: []string{"k_live_", "k_test_", "whsec_"}, find: expression(`\b(?:[sr]k_(?:live|test)_|whsec_)[A-Za-z0-9+/=]{10,}`)},
	{hints: []string{"aiza"}, find: expression(`\bAIza[A-Za-z0-9_-]{35}`)},
	{hints: []string{"ya29."}, find: expression(`\bya29\.[A-Za-z0-9_.-]{20,}`)},
	{hints: []string{"npm_", "pypi-", "dop_v1_", "hf_", "shp", "sg.", "hvs.", "cfpat-", "dckr_pat_", "glsa_", "nfp_", "ntn_", "lin_api_", "sbp_", "vercel_", "rubygems_"}, find: expression(
		`\b(?:npm_[A-Za-z0-9]{36}|pypi-[A-Za-z0-9_-]{50,}|do[oprt]_v1_[a-f0-9]{64}|hf_[A-Za-z0-9]{30,}|shp(?:at|ca|pa|ss)_[a-fA-F0-9]{32}|SG\.[A-Za-z0-9_-]{16,}\.[A-Za-z0-9_-]{16,}|hvs\.[A-Za-z0-9_-]{20,}|CFPAT-[A-Za-z0-9_-]{20,}|dckr_pat_[A-Za-z0-9_-]{20,}|glsa_[A-Za-z0-9_]{20,}|nfp_[A-Za-z0-9]{30,}|ntn_[A-Za-z0-9]{30,}|lin_api_[A-Za-z0-9]{30,}|sbp_[a-f0-9]{40}|vercel_[A-Za-z0-9]{20,}|rubygems_[a-f0-9]{48})`)},
	{hints: []string{"sk-"}, find: expression(`\bsk-(?:proj-|ant-|svcacct-)?[A-Za-z0-9_-]{32,}`), is: hasDigit},
	// https://docs.mapbox.com/accounts/guides/tokens/: sk. is secret, pk. public.
	{hints: []string{"sk.eyj"}, find: expression(`\bsk\.eyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{10,}`)},
	// Addresses that are themselves secrets.
	{hints: []string{"build_hooks/", "deploy_hooks/", "/integrations/deploy/"}, find: expression(`/(?:build_hooks|deploy_hooks|integrations/deploy)/([A-Za-z0-9/_-]{8,})`)},
	{hints: []string{"/api/webhooks/", ".office.com/webhookb2/", "hooks.zapier.com/", "chat.googleapis.com/"}, find: expression(
		`(?:/api/webhooks/[0-9]+|\.office\.com/webhookb2|hooks\.zapier\.com/hooks/catch)/([A-Za-z0-9@/_-]{10,})`)},
	{hints: []string{"api.telegram.org/bot"}, find: expression(`api\.telegram\.org/bot([0-9]+:[A-Za-z0-9_-]{20,})`)},
	{hints: []string{"/hooks/"}, find: expression(`/hooks/[a-z0-9-]+/(prh_[A-Za-z0-9]{10,})`)},
	{hints: []string{"sntrys_", "sntryu_", "prc_", "xkeysib-", "pscale_", "eaaa", "r8_"}, find: expression(
		`\b(?:sntry[su]_[A-Za-z0-9+/=_-]{16,}|prc_[A-Z2-7]{20,}|xkeysib-[a-f0-9]{32,}[A-Za-z0-9-]*|pscale_(?:tkn|pw|oauth)_[A-Za-z0-9_.-]{20,}|EAAA[A-Za-z0-9_-]{40,}|r8_[A-Za-z0-9]{30,})`)},
	// RFC 7519; the header of a token is a JSON object, which begins with eyJ.
	{hints: []string{"eyj"}, find: expression(`\beyJ[A-Za-z0-9_-]{8,}(?:\.[A-Za-z0-9_-]*){2,4}`)},
	// RFC 7468. The end of a key may be missing, or its beginning.
	{hints: []string{"private key"}, find: expression(`(?s)-----BEGIN [A-Z0-9 ]*PRIVATE KEY(?: BLOCK)?-----.*?(?:-----END [A-Z0-9 ]*PRIVATE KEY(?: BLOCK)?-----|\z)`)},
	{hints: []string{"private key"}, find: expression(`[A-Za-z0-9+/=\s\\|]{16,}-----END [A-Z0-9 ]*PRIVATE KEY(?: BLOCK)?-----`)},
	{hints: []string{"age-secret-key-"}, find: expression(`(?i)\bAGE-SECRET-KEY-1[A-Z0-9]{20,}`)},
}

// The contexts in which secrets occur.
var ofPlaces = []pattern{
	// RFC 3986, 3.2.1. A password may hold characters that should have been encoded, even an @.
	{hints: []string{"://"}, at: true, find: expression(`[A-Za-z][A-Za-z0-9+.-]*://[^\s/?#"'<>:@]*:([^\s/?#"'<>]+)@`)},
	{hints: []string{"://"}, at: true, find: expression(`[A-Za-z][A-Za-z0-9+.-]*://[^\s/?#"'<>:@]*:([^\s"'<>@]+)@`), is: notPort},
	// A token in the place of the user: https://TOKEN@github.com, Sentry's DSN.
	{hints: []string{"://"}, at: true, find: expression(`[A-Za-z][A-Za-z0-9+.-]*://([^\s/?#"'<>:@]{20,}):?@`), is: hasDigit},
	// https://github.com/go-sql-driver/mysql#dsn-data-source-name
	{hints: []string{"@tcp(", "@unix("}, find: expression(`[A-Za-z0-9_.-]+:([^\s"'<>]+)@(?:tcp|unix)\(`)},
	{hints: []string{"?", "&", "&amp;"}, find: expression(`[?&;]((?:[A-Za-z0-9_.-]|%5B|%5D|\[|\])+)=([^&\s"'<>#|\x60)]+)`), named: true, near: before("=", nameBytes)},
	{hints: []string{"key="}, find: expression(`[?&]key=([^&\s"'<>#|]{6,})`)},
	{hints: []string{"sig=", "code=", "auth=", "hmac="}, find: expression(`[?&;](?:sig|hmac|auth|code)=([^&\s"'<>#|]{8,})`)},
	// RFC 9110, 11.6.2, and the headers that services use in its place.
	{hints: []string{"authorization"}, find: expression(`(?i)\b(?:proxy-)?authorization\\?["']?\s*(?:[:=]|=>)\s*\\?["']?(?:(?:basic|bearer|token|digest|negotiate|apikey|aws4-hmac-sha256)\s+)?([^\s"'\\,][^\s"'\\]{3,})`)},
	{hints: []string{"bearer ", "basic "}, find: expression(`(?i)\b(?:bearer|basic)\s+([A-Za-z0-9._~+/-]{12,}=*)`), is: hasDigitOrPadding},
	{hints: []string{"cookie"}, find: expression(`(?i)\b(?:set-)?cookie\\?["']?\s*:\s*\\?["']?([A-Za-z0-9_.-]+=[^"'\r\n|]+)`)},
	{hints: []string{"x-", "private-token", "job-token", "api-key"}, find: expression(`(?i)\b((?:x-[a-z0-9-]+|private-token|job-token|api-key|deploy-token))\\?["']?\s*:\s*\\?["']?([^\s"'\\,]{4,})`), named: true},
	// NAME=value, as env(1) prints it; "name": "value" in JSON; NAME: value in YAML.
	{hints: []string{"="}, find: expression(`(?:^|[^A-Za-z0-9_.-])([A-Za-z][A-Za-z0-9_.-]*)=\\?(?:"([^"\r\n]+)"|'([^'\r\n]+)'|([^\s"';|&<>(){},]+))`), named: true, near: before("=", nameBytes)},
	{hints: []string{":", "=>"}, find: expression(`\\?["']([A-Za-z][A-Za-z0-9_.-]*)\\?["']\s*(?::|=>)\s*\\?(?:"((?:[^"\\\r\n]|\\[^"])+)\\?"|'([^'\r\n]+)')`), named: true, near: before("\"'\\", nameBytes)},
	{hints: []string{":"}, find: expression(`\b([A-Z][A-Z0-9]*(?:_[A-Z0-9]+)*)\s*:\s+["']?([^\s"'|,;]+)`), named: true, near: before(":", upperBytes)},
	// The options of curl, wget and mysql.
	{hints: []string{"--"}, find: expression(`(?:^|\s)--((?:[a-z0-9]+-)*[a-z0-9]+)\s+["']?([^\s"'|-][^\s"'|]*)`), named: true},
	{hints: []string{"curl"}, find: expression(`\bcurl\b[^\n|]*?\s(?:-u|--user)\s*["']?[^\s:"']+:([^\s"']+)`)},
}

func hasDigit(value string) bool { return strings.ContainsFunc(value, unicode.IsDigit) }

func hasDigitOrPadding(value string) bool { return hasDigit(value) || strings.HasSuffix(value, "=") }

// notPort says that a value after a colon is not a port with an optional path.
func notPort(value string) bool {
	digits := strings.TrimLeftFunc(value, unicode.IsDigit)
	return digits != "" && (len(digits) == len(value) || strings.IndexByte("/?#", digits[0]) < 0)
}

// expression compiles a regular expression when it is first used: most texts have hints of few.
func expression(text string) func() *regexp.Regexp {
	return sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(text) })
}

// stems are parts of the words of IsSecretName: each name of a secret contains one.
var stems = strings.Fields(`token secret pass pwd cred key dsn _pat -pat pat_ pat- pat= pat" pat' pat: jwt bearer auth netrc salt sig cookie conn`)

// places finds secrets in a text by their context. Harmless words stay, and so do
// placeholders: ${TOKEN}, <token>.
func places(text string) []span { return find(text, placed()) }

// sieve is a list of patterns with an automaton for all their hints.
type sieve struct {
	patterns []pattern
	hints    *hintSet
}

// They are made when they are first asked for, as most commands have nothing to redact.
var (
	placed   = sync.OnceValue(func() *sieve { return newSieve(ofPlaces) })
	patterns = sync.OnceValue(func() *sieve { return newSieve(shapes, ofPlaces) })
)

// Bits of a sieve's hints beside those of the patterns.
const (
	hasAt        = 1 << 63
	hasStem      = 1 << 62
	mostPatterns = 62
)

// The bytes of names: of any name, with %5B and %5D for brackets, and of names in capitals.
var (
	nameBytes  = bytesOf("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.-%[]")
	upperBytes = bytesOf("ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_")
)

func bytesOf(list string) *[256]bool {
	var set [256]bool
	for _, c := range []byte(list) {
		set[c] = true
	}
	return &set
}

// stem finds the stems of names, each with the text before and after it.
var stem = sync.OnceValue(func() *hintSet { return newHintSet([][]string{append([]string{"pat"}, stems...)}) })

// before returns a function that says whether a text has a name with a stem right before
// one of ends.
func before(ends string, name *[256]bool) func(string) bool {
	return func(text string) bool {
		for from := 0; ; {
			i := strings.IndexAny(text[from:], ends)
			if i < 0 {
				return false
			}
			i += from
			last := i
			for last > from && strings.IndexByte(" \t\n\f\r", text[last-1]) >= 0 {
				last--
			}
			first := last
			for first > from && name[text[first-1]] {
				first--
			}
			if first < last && stem().in(text[max(0, first-1):i+1]) != 0 {
				return true
			}
			from = i + 1
		}
	}
}

func newSieve(lists ...[]pattern) *sieve {
	s := &sieve{patterns: slices.Concat(lists...)}
	hints := make([][]string, 64)
	for i, p := range s.patterns[:min(len(s.patterns), mostPatterns)] {
		hints[i] = p.hints
	}
	hints[mostPatterns], hints[mostPatterns+1] = stems, []string{"@"}
	s.hints = newHintSet(hints)
	return s
}

func find(text string, by *sieve) []span {
	var out []span
	hints := by.hints.in(text)
	for i, p := range by.patterns {
		if hints&(1<<i) == 0 || p.at && hints&hasAt == 0 || p.named && hints&hasStem == 0 || p.near != nil && !p.near(text) {
			continue
		}
		out = p.spans(out, text)
	}
	return out
}

// spans appends the pattern's matches in a text to a list.
func (p pattern) spans(out []span, text string) []span {
	for _, m := range p.find().FindAllStringSubmatchIndex(text, -1) {
		s, group := span{m[0], m[1]}, 2
		if p.named {
			group = 4
			if !IsSecretName(text[m[2]:m[3]]) {
				continue
			}
		}
		for i := group; i+1 < len(m); i += 2 {
			if m[i] >= 0 {
				s = span{m[i], m[i+1]}
			}
		}
		if value := text[s.from:s.to]; isValue(value) && (p.is == nil || p.is(value)) {
			out = append(out, s)
		}
	}
	return out
}

// noValue are common settings and words of messages, which are not passwords.
var noValue = words(`true false yes no on off none null nil undefined enabled disabled required optional missing invalid unset empty string`)

// isValue says whether a text in the context of a secret is one.
func isValue(value string) bool {
	switch {
	case len(value) < 3, strings.Trim(value, "*xX.") == "", noValue[strings.ToLower(value)]:
		return false
	case strings.HasPrefix(value, "$"), strings.HasPrefix(value, "%{"), strings.HasPrefix(value, "{{"), strings.HasPrefix(value, "process.env"):
		return false
	}
	return true
}
