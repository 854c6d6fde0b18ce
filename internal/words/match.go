package words

import (
	"strings"

	"golang.org/x/text/language"
)

// Named is the language of a tag; false for one that there is no file of.
func Named(tag string) (Language, bool) {
	for _, l := range all() {
		if l.Tag() == tag {
			return l, true
		}
	}
	return Language{}, false
}

// Tags are those of all languages that there is a file of. No file is read for it.
func Tags() []string {
	named, err := files.ReadDir(".")
	if err != nil {
		panic(err) // the files are part of the program
	}
	tags := make([]string, 0, len(named))
	for _, f := range named {
		tags = append(tags, strings.TrimSuffix(f.Name(), ".yaml"))
	}
	return tags
}

// Match is the language for a reader whose browser sends accept (RFC 9110, 12.5.4), or
// else the one that is given.
func Match(accept string, or Language) Language {
	wanted, _, err := language.ParseAcceptLanguage(accept)
	if err != nil || len(wanted) == 0 {
		return or
	}
	known := all()
	tags := make([]language.Tag, 0, len(known))
	for _, l := range known {
		tags = append(tags, l.tag)
	}
	_, at, confidence := language.NewMatcher(tags).Match(wanted...)
	if confidence == language.No {
		return or
	}
	return known[at]
}
