package words

import (
	"embed"
	"fmt"
	"maps"
	"path"
	"regexp"
	"slices"
	"strings"
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

// all are the languages that there is a file of, English first.
var all = sync.OnceValue(func() []Language {
	found, err := load()
	if err != nil {
		panic(err) // the files are part of the program
	}
	return found
})

// All are the languages that Pressrun speaks, English first.
func All() []Language { return slices.Clone(all()) }

// English is the language of the code.
func English() Language { return all()[0] }

func load() ([]Language, error) {
	named, err := files.ReadDir(".")
	if err != nil {
		return nil, err
	}
	builder := catalog.NewBuilder(catalog.Fallback(language.English))
	var out []Language
	for _, f := range named {
		content, err := files.ReadFile(f.Name())
		if err != nil {
			return nil, err
		}
		t := &tongue{}
		if err := yaml.UnmarshalWithOptions(content, &t.file, yaml.Strict()); err != nil {
			return nil, fmt.Errorf("read %s: %w", f.Name(), err)
		}
		if t.tag, err = language.Parse(strings.TrimSuffix(f.Name(), path.Ext(f.Name()))); err != nil {
			return nil, fmt.Errorf("read the language of %s: %w", f.Name(), err)
		}
		for key, e := range t.file.Words {
			if err := set(builder, t.tag, key, e); err != nil {
				return nil, fmt.Errorf("read %q in %s: %w", key, f.Name(), err)
			}
		}
		out = append(out, Language{t})
	}
	for _, l := range out {
		l.printer = message.NewPrinter(l.tag, message.Catalog(builder))
	}
	slices.SortFunc(out, func(a, b Language) int {
		if a.tag == language.English || b.tag == language.English {
			return strings.Compare(fmt.Sprint(a.tag != language.English), fmt.Sprint(b.tag != language.English))
		}
		return strings.Compare(a.tag.String(), b.tag.String())
	})
	return out, nil
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

// Marked is English with each text that comes from the catalogue between ⟦ and ⟧, so
// that a test sees what does not.
func Marked() Language {
	t := *English().tongue
	t.marked = true
	return Language{&t}
}
