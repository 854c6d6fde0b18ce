package words

import (
	"embed"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"sync"

	"github.com/goccy/go-yaml"
	"golang.org/x/text/feature/plural"
	"golang.org/x/text/language"
	"golang.org/x/text/message"
	"golang.org/x/text/message/catalog"
)

//go:embed *.yaml
var files embed.FS

// file is a language as its file has it: see the head of es.yaml.
type file struct {
	Language string           `yaml:"language"`
	Decimal  string           `yaml:"decimal"`
	Weekdays []string         `yaml:"weekdays"`
	Months   []string         `yaml:"months"`
	At       phrase           `yaml:"at"`
	The      phrase           `yaml:"the"`
	Words    map[string]entry `yaml:"words"`
}

// phrase puts a time into a sentence: Day is for one that names its day, One for an
// hour of one, Time for all others.
type phrase struct {
	Day  string `yaml:"day"`
	Time string `yaml:"time"`
	One  string `yaml:"one"`
}

// entry is a sentence in a language, or its plural forms.
type entry struct {
	text  string
	forms map[string]string
}

// UnmarshalYAML reads a text, or a text for each plural form.
func (e *entry) UnmarshalYAML(read func(any) error) error {
	if read(&e.text) == nil {
		return nil
	}
	e.text = ""
	return read(&e.forms)
}

// forms are the plural forms of CLDR, as a file names them.
var forms = map[string]plural.Form{"zero": plural.Zero, "one": plural.One, "two": plural.Two, "few": plural.Few, "many": plural.Many, "other": plural.Other}

// languages reads each language that there is a file of when it is first spoken: most
// servers speak one, and reading a file takes longer than the rest of their start.
var languages = sync.OnceValue(func() map[string]func() Language {
	out := map[string]func() Language{}
	for _, tag := range Tags() {
		out[tag] = sync.OnceValue(func() Language {
			l, err := load(tag)
			if err != nil {
				panic(err) // the files are part of the program
			}
			return l
		})
	}
	return out
})

// All are the languages that Pressrun speaks, English first.
func All() []Language {
	var out []Language
	for _, tag := range Tags() {
		out = append(out, languages()[tag]())
	}
	return out
}

// English is the language of the code.
func English() Language { return languages()["en"]() }

func load(tag string) (Language, error) {
	name := tag + ".yaml"
	content, err := files.ReadFile(name)
	if err != nil {
		return Language{}, err
	}
	t := &tongue{}
	if err := yaml.UnmarshalWithOptions(content, &t.file, yaml.Strict()); err != nil {
		return Language{}, fmt.Errorf("read %s: %w", name, err)
	}
	if t.tag, err = language.Parse(tag); err != nil {
		return Language{}, fmt.Errorf("read the language of %s: %w", name, err)
	}
	builder := catalog.NewBuilder(catalog.Fallback(t.tag))
	for key, e := range t.file.Words {
		if err := set(builder, t.tag, key, e); err != nil {
			return Language{}, fmt.Errorf("read %q in %s: %w", key, name, err)
		}
	}
	t.printer = message.NewPrinter(t.tag, message.Catalog(builder))
	return Language{t}, nil
}

// set puts a sentence into the catalogue.
func set(b *catalog.Builder, tag language.Tag, key string, e entry) error {
	if e.forms == nil {
		return b.SetString(tag, key, e.text)
	}
	arg := counted(key)
	if arg == 0 {
		return fmt.Errorf("it has plural forms and no %%d")
	}
	var cases []any
	for _, name := range slices.Sorted(maps.Keys(e.forms)) {
		form, ok := forms[name]
		if !ok {
			return fmt.Errorf("%q is no plural form", name)
		}
		if form != plural.Other {
			cases = append(cases, form, e.forms[name])
		}
	}
	cases = append(cases, plural.Other, e.forms["other"])
	return b.Set(tag, key, plural.Selectf(arg, "%d", cases...))
}

// placeholder is where something is put into a sentence: %s, %d, %[2]s.
var placeholder = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`%(?:\[(\d+)\])?([a-z%])`) })

// counted is the place of the first number among the arguments, 0 for none.
func counted(key string) int {
	at := 0
	for _, m := range placeholder().FindAllStringSubmatch(key, -1) {
		if m[2] == "%" {
			continue
		}
		if at++; m[2] == "d" {
			return at
		}
	}
	return 0
}

// Marked is English with each text that comes from the catalogue between ⟦ and ⟧, so that
// a test sees the texts that do not.
func Marked() Language {
	t := *English().tongue
	t.marked = true
	return Language{&t}
}
