package config

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/pressrun/pressrun/internal/config/strict"
)

// The names in a folder of a configuration.
const (
	mainFile    = "pressrun.yaml"
	groupFolder = "groups"
	siteFolder  = "sites"
)

// Bounds of a folder: one with more was not meant as a configuration.
const (
	maxFiles  = 20_000
	maxDepth  = 4
	mainLeast = "at least tokens (see docs/many-sites.md)"
)

// Loaded is a configuration without the sites that have mistakes.
type Loaded struct {
	Config
	// Broken are the sites that are left out because their configuration has mistakes, by
	// name. A file whose sites' names can't be read counts as one site with the file's
	// name.
	Broken []Broken
	// mistakes are all mistakes, nil for none.
	mistakes error
}

// Broken is a site that is left out.
type Broken struct {
	Name     string
	Problems []Problem
}

// Why gives the site's first mistake in one line, and the number of the others.
func (b Broken) Why() string {
	p := b.Problems[0]
	why := fmt.Sprintf("%s:%d:%d: ", p.File, p.Line, p.Column)
	if p.Key != "" {
		why += p.Key + ": "
	}
	why += p.Text
	if more := len(b.Problems) - 1; more > 0 {
		why += fmt.Sprintf(" (and %d more)", more)
	}
	return why
}

// loader reads the files of a configuration.
type loader struct {
	*strict.File
	config   Config
	sections strict.Sections
	first    string // the main file's name
	// owners are the files of the sites, by name, and files the sites of each file of
	// sites.
	owners map[string]string
	files  map[string][]string
	// several says that sites have files of their own.
	several bool
}

func newLoader() *loader {
	return &loader{
		File: strict.New(), owners: map[string]string{}, files: map[string][]string{},
		sections: strict.Sections{Key: "sites", By: "group", Parts: "groups", From: map[string]*strict.Section{}},
	}
}

// openMain parses the main file, and reads its groups.
func (l *loader) openMain(name string, text []byte, least string) *strict.Text {
	l.first = name
	t := l.Open(name, text, "", least)
	maps.Copy(l.sections.From, t.Sections("groups"))
	return t
}

// main reads a configuration of one file.
func (l *loader) main(name string, text []byte) {
	l.openMain(name, text, least).Inheriting(&l.config, l.sections)
}

func openFolder(folder string, machine bool) (*Loaded, error) {
	name := filepath.Join(folder, mainFile)
	text, err := read(name)
	if err != nil {
		return nil, fmt.Errorf("read the configuration: %w", err)
	}
	root, err := filepath.Abs(folder)
	if err != nil {
		return nil, fmt.Errorf("find the folder %s: %w", folder, err)
	}
	groups, err := filesOf(filepath.Join(folder, groupFolder))
	if err != nil {
		return nil, err
	}
	sites, err := filesOf(filepath.Join(folder, siteFolder))
	if err != nil {
		return nil, err
	}
	l := newLoader()
	l.several = true
	main := l.openMain(name, text, mainLeast)
	parts := l.groupFiles(groups)
	main.Inheriting(&l.config, l.sections)
	for name := range l.config.Sites {
		l.owners[name] = l.first
	}
	for group, part := range parts {
		if l.config.Groups == nil {
			l.config.Groups = map[string]Site{}
		}
		l.config.Groups[group] = part
	}
	if l.config.Sites == nil {
		l.config.Sites = map[string]Site{}
	}
	for _, file := range sites {
		l.siteFile(file)
	}
	k := l.checker(root)
	k.machine, k.secrets = machine, true
	k.all()
	return l.loaded(root)
}

// groupFiles reads the files of groups.
func (l *loader) groupFiles(files []string) map[string]Site {
	all := map[string]Site{}
	for _, file := range files {
		name, key := stem(file), "groups."+stem(file)
		_, twice := l.sections.From[name]
		where := l.first
		if _, again := all[name]; again {
			where = l.Where(key)
		}
		text, err := read(file)
		if err != nil {
			l.Unreadable(file, key, "can't be read: "+reason(err))
			continue
		}
		t := l.Open(file, text, key, "what the sites of the group have in common")
		var part Site
		t.Part(&part)
		all[name] = part
		if twice {
			l.Wrong(key, fmt.Sprintf("the group %s is in %s too; expected one of the two", name, where))
		}
		l.sections.From[name] = t.Whole()
	}
	return all
}

// siteFile reads a file of sites: one site with the file's name, or several under sites.
func (l *loader) siteFile(file string) {
	key := "sites." + stem(file)
	text, err := read(file)
	if err != nil {
		l.claim(file, stem(file))
		l.Unreadable(file, key, "can't be read: "+reason(err))
		l.config.Sites[stem(file)] = Site{}
		return
	}
	t := l.Open(file, text, key, "a site's settings (see docs/many-sites.md)")
	if !slices.Contains(t.Names(), "sites") {
		again := l.claim(file, stem(file))
		var s Site
		t.One(&s, l.sections, stem(file))
		l.config.Sites[stem(file)] = s
		again()
		return
	}
	names := slices.Sorted(maps.Keys(t.Sections("sites")))
	again := l.claim(file, names...)
	var several struct {
		Sites map[string]Site `yaml:"sites" json:"sites" expected:"a section with the name of each site"`
	}
	t.Several(&several, l.sections)
	for name, s := range several.Sites {
		l.config.Sites[name] = s
	}
	again()
}

// claim notes in which file some sites are. It reports sites that another file has too, in
// the other file; the returned function reports them in this file, once it has been read.
func (l *loader) claim(file string, names ...string) func() {
	twice := map[string]string{}
	for _, name := range names {
		if other, ok := l.owners[name]; ok {
			l.Wrong("sites."+name, fmt.Sprintf("the site %s is in %s too; expected one of the two", name, file))
			twice[name] = other
		}
		l.owners[name] = file
	}
	l.files[file] = names
	return func() {
		for name, other := range twice {
			l.Wrong("sites."+name, fmt.Sprintf("the site %s is in %s too; expected one of the two", name, other))
		}
	}
}

// loaded is the configuration without the sites that have mistakes. It fails if there are
// other mistakes.
func (l *loader) loaded(root string) (*Loaded, error) {
	if err := l.ErrOf(func(key, file string) bool {
		return file == l.first && !under(key, "sites.") && !under(key, "groups.")
	}); err != nil {
		return nil, err
	}
	out := &Loaded{mistakes: l.Err()}
	if out.mistakes != nil {
		out.Broken = l.broken()
		for _, b := range out.Broken {
			delete(l.config.Sites, b.Name)
		}
	}
	l.config.finish(root)
	out.Config = l.config
	return out, nil
}

// broken are the sites with mistakes in their own settings, their group's, or their file.
func (l *loader) broken() []Broken {
	var all []Broken
	for _, name := range slices.Sorted(maps.Keys(l.config.Sites)) {
		site, group, owner := "sites."+name, "groups."+l.config.Sites[name].Group, l.owners[name]
		err := l.ErrOf(func(key, file string) bool {
			return is(key, site) || group != "groups." && is(key, group) || file == owner && file != l.first && !l.ofSite(key, file)
		})
		if mistakes, ok := errors.AsType[*Error](err); ok {
			all = append(all, Broken{Name: name, Problems: mistakes.Problems})
		}
	}
	for file, names := range l.files {
		if len(names) > 0 {
			continue
		}
		if mistakes, ok := errors.AsType[*Error](l.ErrOf(func(_, of string) bool { return of == file })); ok {
			all = append(all, Broken{Name: stem(file), Problems: mistakes.Problems})
		}
	}
	slices.SortFunc(all, func(a, b Broken) int { return cmp.Compare(a.Name, b.Name) })
	return all
}

// ofSite says whether a key belongs to one of a file's sites.
func (l *loader) ofSite(key, file string) bool {
	return slices.ContainsFunc(l.files[file], func(name string) bool { return is(key, "sites."+name) })
}

// is says whether a key is a section or lies within it.
func is(key, section string) bool {
	below, ok := strings.CutPrefix(key, section)
	return ok && (below == "" || below[0] == '.' || below[0] == '[')
}

func under(key, prefix string) bool { return strings.HasPrefix(key, prefix) }

// stem is the name of a file without its ending.
func stem(file string) string {
	base := filepath.Base(file)
	return strings.TrimSuffix(base, filepath.Ext(base))
}

// reason is why a file can't be read, without its name.
func reason(err error) string {
	if p, ok := errors.AsType[*fs.PathError](err); ok {
		return p.Err.Error()
	}
	return err.Error()
}

// filesOf are the YAML files in a folder and the folders in it, by name; none if there is
// no such folder. Names that begin with a dot are left out: Kubernetes keeps the versions
// of a config map there, and editors their copies.
func filesOf(folder string) ([]string, error) {
	var files []string
	if err := walk(folder, maxDepth, &files); err != nil {
		return nil, fmt.Errorf("read the configuration: %w", err)
	}
	slices.Sort(files)
	return files, nil
}

func walk(folder string, deep int, files *[]string) error {
	entries, err := os.ReadDir(folder)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	for _, e := range entries {
		path := filepath.Join(folder, e.Name())
		if strings.HasPrefix(e.Name(), ".") {
			continue
		}
		ext := filepath.Ext(path)
		if ext == ".yaml" || ext == ".yml" {
			*files = append(*files, path)
			if len(*files) > maxFiles {
				return fmt.Errorf("%s has more than %d files", folder, maxFiles)
			}
			continue
		}
		info, err := os.Stat(path) // of a link's target
		if err == nil && info.IsDir() && deep > 1 {
			if err := walk(path, deep-1, files); err != nil {
				return err
			}
		}
	}
	return nil
}
