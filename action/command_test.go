//go:build unix

package action_test

import (
	"context"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/alecthomas/kong"
	"github.com/goccy/go-yaml"

	"github.com/pressrun/pressrun/action"
	"github.com/pressrun/pressrun/action/console"
	"github.com/pressrun/pressrun/action/failure"
	"github.com/pressrun/pressrun/action/steps"
)

type program struct {
	Action action.Command `cmd:"" help:"Steps of a run."`
}

func parse(t *testing.T, args ...string) (*program, *kong.Context, error) {
	t.Helper()
	var p program
	k, err := kong.New(&p, kong.Exit(func(int) { t.Error("it exits") }))
	if err != nil {
		t.Fatal(err)
	}
	ctx, err := k.Parse(append([]string{"action"}, args...))
	return &p, ctx, err
}

func TestFlagsCanBeSetByEnvironmentAndInputs(t *testing.T) {
	t.Setenv("PRESSRUN_BUILD", "npm run build, --fast")
	t.Setenv("INPUT_BUILD", "not this")
	t.Setenv("INPUT_BUILD-TIMEOUT", "7m")
	t.Setenv("INPUT_READY_LIMIT", "8m")
	t.Setenv("INPUT_TURN-LIMIT", "")
	t.Setenv("INPUT_RELEASE", "")
	t.Setenv("PRESSRUN_MAX_VANISHED", "0.25")
	t.Setenv("PRESSRUN_ALLOW", "empty-output,vanished-pages")
	t.Setenv("PRESSRUN_SUPERVISED", "true")
	t.Setenv("PRESSRUN_SITE", "from-env")
	p, _, err := parse(t, "all", "--site", "from-flag")
	if err != nil {
		t.Fatal(err)
	}
	got := p.Action.All.Options
	if got.Build != "npm run build, --fast" || got.BuildTimeout != 7*time.Minute || got.ReadyLimit != 8*time.Minute ||
		got.TurnLimit != time.Hour || got.Site != "from-flag" || got.MaxVanished == nil || *got.MaxVanished != 0.25 ||
		len(got.Allow) != 2 || !got.Supervised || got.Index != "index.html" {
		t.Errorf("read %+v", got)
	}
}

// The inputs of the GitHub action are flags of "all", and say the same defaults.
func TestTheActionsInputsAreFlags(t *testing.T) {
	text, err := os.ReadFile("../action.yml")
	if err != nil {
		t.Fatal(err)
	}
	var file struct {
		Inputs map[string]struct {
			Default *string `yaml:"default"`
		} `yaml:"inputs"`
	}
	if err := yaml.Unmarshal(text, &file); err != nil || len(file.Inputs) < 30 {
		t.Fatalf("action.yml has %d inputs, %v", len(file.Inputs), err)
	}
	_, ctx, err := parse(t, "all")
	if err != nil {
		t.Fatal(err)
	}
	flags := map[string]string{}
	for _, flag := range ctx.Flags() {
		flags[flag.Name] = flag.Default
		if flag.IsBool() {
			flags[flag.Name] = "false"
		}
	}
	for name, input := range file.Inputs {
		if slices.Contains([]string{"step", "token", "github-token", "build-program"}, name) {
			continue // the script's own, and the one that is no flag
		}
		value, ok := flags[name]
		if !ok {
			t.Errorf("the input %s is no flag", name)
		}
		if input.Default != nil && *input.Default != value || input.Default == nil && value != "" {
			t.Errorf("the default of %s is not %q as that of the flag", name, value)
		}
	}
}

func TestWrongFlagsAreRefused(t *testing.T) {
	for _, args := range [][]string{
		{"all", "--build-timeout", "soon"}, {"all", "--when-frozen", "maybe"}, {"publish"}, {"all", "--token", "x"}, {},
	} {
		if _, _, err := parse(t, args...); err == nil {
			t.Errorf("%v was accepted", args)
		}
	}
}

func TestEveryStepHasACommand(t *testing.T) {
	for _, step := range append(steps.Names(), "all", "post") {
		if _, ctx, err := parse(t, strings.ReplaceAll(step, "_", "-")); err != nil || ctx == nil {
			t.Errorf("%s: %v", step, err)
		}
	}
}

func TestCommandRunsItsStep(t *testing.T) {
	b := newBench(t, goodBuild)
	_, ctx, err := parse(t, "build", "--dir", b.dir, "--state-file", b.opts.StateFile, "--build", goodBuild)
	if err != nil {
		t.Fatal(err)
	}
	ctx.BindTo(t.Context(), (*context.Context)(nil))
	b.wantExit(ctx.Run(console.Streams{Out: b.out, Err: b.err}), failure.ExitOK)
	if !exists(b.dir + "/public/index.html") {
		t.Error("nothing was built")
	}
	_, ctx, err = parse(t, "deploy", "--dir", b.dir)
	if err != nil {
		t.Fatal(err)
	}
	ctx.BindTo(t.Context(), (*context.Context)(nil))
	b.wantExit(ctx.Run(console.Streams{Out: b.out, Err: b.err}), failure.ExitUsage)
}
