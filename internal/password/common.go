package password

import (
	"cmp"
	"slices"
	"strings"
	"sync"
)

// commonWords are words and passwords that are guessed first, from lists of leaked
// passwords (https://en.wikipedia.org/wiki/List_of_the_most_common_passwords) and words
// that people use while they try a system out.
const commonWords = `
123456 12345678 123456789 1234567890 qwerty qwertz azerty password passw0rd p@ssw0rd pass secret secrets token tokens test
testing tester tests demo example sample try trial hello world helloworld foo bar baz foobar foobaz qux abc abcd abcdef
admin administrator root user username login guest operator operators editor editors author publisher publish pressrun
press run cms run runner deploy deployment release site www web website staging production prod dev development local
localhost server service api key apikey access letmein welcome changeme change default temp temporary tmp none null
undefined true false yes no ok okay open sesame opensesame dragon monkey football baseball basketball soccer hockey
master shadow sunshine princess superman batman michael jordan jennifer thomas robert daniel andrew joshua george
charlie jessica ashley nicole love iloveyou lovely flower freedom whatever trustno1 starwars pokemon computer internet
google github gitlab amazon aws azure docker kubernetes linux ubuntu debian windows apple orange banana cherry coffee
cookie chocolate summer winter spring autumn monday friday january december house home family friend money bank blue red
green black white silver gold golden purple yellow tiger lion eagle horse dog cat bird fish correct battery staple
correcthorsebatterystaple thisisasecret thisissecret mysecret mytoken mypassword topsecret supersecret verysecret
notasecret s3cr3t s3cret t0ken adm1n r00t drupal wagtail wordpress ghost directus strapi contentful sanity hugo jekyll
eleventy astro gatsby next nuxt cloudfront fastly cloudflare ada alan grace ana alice bob carol dave eve mallory trent
keyboard asdf asdfgh asdfghjkl zxcvbn zxcvbnm 1q2w3e 1q2w3e4r qazwsx q1w2e3r4 aaaaaa 000000 111111 222222 555555 654321
666666 696969 777777 888888 987654321 999999 112233 121212 123123 123321 131313 159753 abc123 a1b2c3 admin123 test123
pass123 password123 root123 qwerty123 welcome123 dictionary word words random string text content value data`

// CommonWords are words and passwords that are guessed first, the longest first.
var CommonWords = sync.OnceValue(func() []string {
	words := strings.Fields(commonWords)
	slices.SortStableFunc(words, func(a, b string) int { return cmp.Compare(len(b), len(a)) })
	return words
})
