package cli

import (
	"fmt"
	"runtime"
	"runtime/debug"

	"github.com/pressrun/pressrun/internal/cli/terminal"
)

// versionCmd tells what the program was built from.
type versionCmd struct {
	JSON bool `name:"json" help:"Print JSON."`
}

// Help has the example.
func (versionCmd) Help() string {
	return "Example:\n\n  pressrun version --json"
}

// versionInfo is what `version --json` prints.
type versionInfo struct {
	Version string `json:"version"`
	Commit  string `json:"commit,omitempty"`
	// Modified says that the sources were changed after the commit.
	Modified bool   `json:"modified,omitempty"`
	Go       string `json:"go"`
	Platform string `json:"platform"`
	// JSON is the version of the documents that commands print with --json.
	JSON int `json:"json"`
}

// jsonVersion is raised when a field of a document goes, is renamed or gets another
// type: docs/json lists them all.
const jsonVersion = 1

// Run prints the version.
func (c *versionCmd) Run(t *terminal.Terminal) error {
	info := buildInfo(t.Version)
	if c.JSON {
		return (&terminal.Printer{Out: t.Out}).Document(info)
	}
	line := fmt.Sprintf("pressrun %s (%s, %s)", info.Version, info.Go, info.Platform)
	if info.Commit != "" {
		line = fmt.Sprintf("pressrun %s (commit %s, %s, %s)", info.Version, info.Commit, info.Go, info.Platform)
	}
	_, err := fmt.Fprintln(t.Out, line)
	return err
}

// Version is the one that the linker was told, else what Go notes by itself.
func Version(linked string) string { return buildInfo(linked).Version }

// buildInfo adds to a version what Go notes of the build.
func buildInfo(version string) versionInfo {
	info := versionInfo{Version: version, Go: runtime.Version(), Platform: runtime.GOOS + "/" + runtime.GOARCH, JSON: jsonVersion}
	build, ok := debug.ReadBuildInfo()
	if !ok {
		return info
	}
	if info.Version == "" {
		info.Version = build.Main.Version
	}
	for _, s := range build.Settings {
		switch s.Key {
		case "vcs.revision":
			info.Commit = s.Value
		case "vcs.modified":
			info.Modified = s.Value == "true"
		}
	}
	return info
}
