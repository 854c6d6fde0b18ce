//go:build unix

package action_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/alecthomas/kong"

	"github.com/pressrun/pressrun/action"
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
	for _, step := range append(action.Steps(), "all", "post") {
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
	b.wantExit(ctx.Run(action.Streams{Out: b.out, Err: b.err}), action.ExitOK)
	if !exists(b.dir + "/public/index.html") {
		t.Error("nothing was built")
	}
	_, ctx, err = parse(t, "deploy", "--dir", b.dir)
	if err != nil {
		t.Fatal(err)
	}
	ctx.BindTo(t.Context(), (*context.Context)(nil))
	b.wantExit(ctx.Run(action.Streams{Out: b.out, Err: b.err}), action.ExitUsage)
}
