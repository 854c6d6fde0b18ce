package words

import (
	"regexp"
	"strconv"
	"strings"
	"sync"
)

// Sentences know English sentences again that were said, and kept, before the reader's
// language was known.
type Sentences struct {
	keys []Key
	read func() []*regexp.Regexp
}

// SentencesOf are the sentences of some keys. The first one that fits a text counts.
func SentencesOf(keys ...Key) *Sentences {
	return &Sentences{keys, sync.OnceValue(func() (all []*regexp.Regexp) {
		for _, key := range keys {
			all = append(all, regexp.MustCompile(`(?s)^`+strings.NewReplacer(`%s`, `(.*?)`, `%d`, `([0-9]+)`).Replace(regexp.QuoteMeta(string(key)))+`$`))
		}
		return all
	})}
}

// Again says a text in a language, with what the sentence puts in as it is; false for a text
// that is none of the sentences.
func (s *Sentences) Again(l Language, english string) (string, bool) {
	for i, known := range s.read() {
		if m := known.FindStringSubmatch(english); m != nil {
			return l.Say(string(s.keys[i]), putIn(string(s.keys[i]), m[1:])...), true
		}
	}
	return "", false
}

// putIn are the arguments of a sentence, whose %d are numbers again.
func putIn(key string, texts []string) []any {
	out := make([]any, len(texts))
	for i, verb := range regexp.MustCompile(`%[sd]`).FindAllString(key, -1) {
		out[i] = texts[i]
		if n, err := strconv.ParseInt(texts[i], 10, 64); verb == "%d" && err == nil {
			out[i] = n
		}
	}
	return out
}
