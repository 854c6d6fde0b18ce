package words

import (
	"strings"

	"golang.org/x/text/language"
)

// Named is the language of a tag; false for one that there is no file of.
func Named(tag string) (Language, bool) {
	read, ok := languages()[tag]
	if !ok {
		return Language{}, false
	}
	return read(), true
}

// Tags are those of all languages that there is a file of, English first. No file is
// read for it.
func Tags() []string {
	named, err := files.ReadDir(".")
	if err != nil {
		panic(err) // the files are part of the program
	}
	tags := []string{"en"}
	for _, f := range named {
		if tag := strings.TrimSuffix(f.Name(), ".yaml"); tag != "en" {
			tags = append(tags, tag)
		}
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
	known := Tags()
	tags := make([]language.Tag, 0, len(known))
	for _, tag := range known {
		tags = append(tags, language.Make(tag))
	}
	_, at, confidence := language.NewMatcher(tags).Match(wanted...)
	if confidence == language.No {
		return or
	}
	return languages()[known[at]]()
}
