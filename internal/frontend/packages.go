package frontend

import (
	"cmp"
	"encoding/json"
	"fmt"
	"regexp"
	"strings"
	"sync"
)

// manifest has the fields of a package.json that are used here
// (https://docs.npmjs.com/cli/configuring-npm/package-json).
type manifest struct {
	Scripts         scripts           `json:"scripts"`
	Dependencies    map[string]string `json:"dependencies"`
	DevDependencies map[string]string `json:"devDependencies"`
	PackageManager  string            `json:"packageManager"`
	Engines         struct {
		Node string `json:"node"`
	} `json:"engines"`
	Volta struct {
		Node string `json:"node"`
	} `json:"volta"`
}

func (t *tree) packageJSON() (*manifest, error) {
	const name = "package.json"
	if !t.has(name) {
		return nil, nil
	}
	m := new(manifest)
	if err := json.Unmarshal([]byte(t.read(name)), m); err != nil {
		return nil, unclear(fmt.Sprintf("package.json can't be read: %.200v", err), "mend it")
	}
	return m, nil
}

// depends is the version of a dependency; "" if it is none.
func (m *manifest) depends(name string) string {
	if m == nil {
		return ""
	}
	if v := m.Dependencies[name]; v != "" {
		return v
	}
	return m.DevDependencies[name]
}

// manager is a package manager: its commands to install from a lockfile, to run a script,
// and to run a package's program.
type manager struct {
	name, install, run, exec string
	locks                    []string
	tool                     func(t *tree, version string) string // the package that npm has to install first
}

// managers are the package managers, the one that comes with Node last.
var managers = []manager{
	{"pnpm", "pnpm install --frozen-lockfile", "pnpm run ", "pnpm exec ", []string{"pnpm-lock.yaml"}, pnpmTool},
	{"yarn-berry", "yarn install --immutable", "yarn run ", "yarn run ", nil, berryTool},
	{"yarn", "yarn install --frozen-lockfile", "yarn run ", "yarn run ", []string{"yarn.lock"}, func(_ *tree, version string) string { return "yarn@" + cmp.Or(version, "1") }},
	{"bun", "bun install --frozen-lockfile", "bun run ", "bun x ", []string{"bun.lock", "bun.lockb"}, func(_ *tree, version string) string { return "bun@" + cmp.Or(version, "1") }},
	{"npm", "npm ci", "npm run ", "npx ", []string{"package-lock.json", "npm-shrinkwrap.json"}, nil},
}

func managerNamed(name string) manager {
	for _, m := range managers {
		if m.name == name {
			return m
		}
	}
	return managers[len(managers)-1]
}

// pinnedManager is package.json's packageManager: a name, a version, and perhaps a
// hash of it (https://nodejs.org/api/packages.html#packagemanager).
var pinnedManager = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`^(npm|pnpm|yarn|bun)@([0-9]+(?:\.[0-9]+){0,2}(?:-[0-9A-Za-z.-]+)?)(?:\+[0-9A-Za-z.=_/+-]+)?$`)
})

// packageManager finds the package manager, by package.json or else by the lockfile.
func (t *tree) packageManager(p *Project) error {
	if t.pkg == nil {
		return nil
	}
	if given := strings.TrimSpace(t.pkg.PackageManager); given != "" {
		match := pinnedManager().FindStringSubmatch(given)
		if match == nil {
			return unclear(fmt.Sprintf("package.json has the packageManager %.80q", given), "write it as name@version, of npm, pnpm, yarn or bun")
		}
		name := match[1]
		if name == "yarn" && !strings.HasPrefix(match[2], "1.") && match[2] != "1" {
			name = "yarn-berry"
		}
		p.because("package.json: packageManager is %s@%s", match[1], match[2])
		t.use(p, managerNamed(name), match[2])
		return nil
	}
	var found []manager
	var locks []string
	for _, m := range managers {
		if lock := t.first(m.locks...); lock != "" {
			found, locks = append(found, m), append(locks, lock)
		}
	}
	switch {
	case len(found) > 1:
		return several("the lockfiles "+strings.Join(locks, " and "), "delete those that are not used, or name the package manager in package.json (packageManager)")
	case len(found) == 0:
		p.because("package.json: no lockfile, so npm installs what is newest")
		t.use(p, managerNamed("npm"), "")
		return nil
	}
	m := found[0]
	if m.name == "yarn" && (t.has(".yarnrc.yml") || strings.Contains(t.read("yarn.lock"), "\n__metadata:")) {
		m = managerNamed("yarn-berry")
	}
	p.because("%s: %s installs", locks[0], m.name)
	t.use(p, m, "")
	return nil
}

// use sets the package manager's commands. Without a lockfile it installs the newest versions.
func (t *tree) use(p *Project, m manager, version string) {
	p.PackageManager, p.Install = m.name, m.install
	if m.tool != nil {
		p.Tool = m.tool(t, version)
	}
	locks := m.locks
	if m.name == "yarn-berry" {
		locks = managerNamed("yarn").locks
	}
	if t.first(locks...) == "" {
		p.Install = strings.Fields(m.install)[0] + " install"
	}
}

var lockVersion = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`(?m)^(?:lockfileVersion|  version): *['"]?([0-9]+)`) })

// pnpmTool is the version of pnpm that writes the project's format of lockfile
// (https://github.com/pnpm/spec/tree/master/lockfile).
func pnpmTool(t *tree, version string) string {
	if version == "" {
		version = "10"
		if match := lockVersion().FindStringSubmatch(t.read("pnpm-lock.yaml")); match != nil {
			version = cmp.Or(map[string]string{"5": "7", "6": "8"}[match[1]], version)
		}
	}
	return "pnpm@" + version
}

// berryTool is any classic Yarn if the project has its own Yarn, to which that delegates,
// or else the version that writes the project's format of lockfile.
func berryTool(t *tree, version string) string {
	if strings.Contains("\n"+t.read(".yarnrc.yml"), "\nyarnPath:") {
		return "yarn@1"
	}
	if version == "" {
		version = "4"
		if match := lockVersion().FindStringSubmatch(t.read("yarn.lock")); match != nil {
			version = cmp.Or(map[string]string{"4": "2", "5": "3", "6": "3"}[match[1]], version)
		}
	}
	return "@yarnpkg/cli-dist@" + version
}
