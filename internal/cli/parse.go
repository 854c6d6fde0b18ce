package cli

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"

	"github.com/alecthomas/kong"

	"github.com/pressrun/pressrun/action/console"
	"github.com/pressrun/pressrun/internal/cli/exit"
	"github.com/pressrun/pressrun/internal/cli/terminal"
	"github.com/pressrun/pressrun/internal/content/export"
	"github.com/pressrun/pressrun/internal/content/source"
)

// helped ends the parsing once help has been printed.
type helped struct{ code int }

// parse finds the command of a command line, with its arguments; nil when it
// asked for help, which is printed then.
func parse(ctx context.Context, args []string, t *terminal.Terminal) (command *kong.Context, err error) {
	defer func() {
		switch h := recover().(type) {
		case nil:
		case helped:
			command, err = nil, nil
			if h.code != 0 {
				err = exit.With(h.code, errors.New("the help could not be printed"))
			}
		default:
			panic(h)
		}
	}()
	if len(args) == 0 {
		args = []string{"--help"}
	}
	if len(args) == 1 && args[0] == "--version" { // as most programs have it
		args = []string{"version"}
	}
	if args[0] == "help" { // help COMMAND, as most programs have it
		args = append(slices.Clone(args[1:]), "--help")
	}
	if one := only(args[0]); one != nil {
		// What is wrong with a command line is said by the parser of all commands.
		if command, err = parseBy(ctx, t, one, args); err == nil {
			return command, nil
		}
	}
	return parseBy(ctx, t, &grammar{}, args)
}

func parseBy(ctx context.Context, t *terminal.Terminal, of any, args []string) (*kong.Context, error) {
	parser, err := newParser(ctx, t, of)
	if err != nil {
		return nil, err
	}
	return parser.Parse(args)
}

// only is the grammar of one command, by its name; nil for none, and for commands that list
// all the others. The grammar of all commands doubled the time of a start.
func only(name string) any {
	all := reflect.TypeFor[grammar]()
	for i := range all.NumField() {
		field := all.Field(i)
		_, isCommand := field.Tag.Lookup("cmd")
		_, hidden := field.Tag.Lookup("hidden")
		named := cmp.Or(field.Tag.Get("name"), strings.ToLower(field.Name))
		if isCommand && !hidden && named == name && name != "completion" && name != "man" {
			return reflect.New(reflect.StructOf([]reflect.StructField{field})).Interface()
		}
	}
	return nil
}

// NewParser makes the parser of all commands, whose model help, completion, manual pages and
// the reference read.
func NewParser(ctx context.Context, t *terminal.Terminal) (*kong.Kong, error) {
	return newParser(ctx, t, &grammar{})
}

func newParser(ctx context.Context, t *terminal.Terminal, of any) (*kong.Kong, error) {
	parser, err := kong.New(of,
		kong.Name("pressrun"),
		kong.Description(description),
		kong.Writers(t.Out, t.Err),
		kong.Exit(func(code int) { panic(helped{code}) }),
		kong.ExplicitGroups(groups),
		kong.ConfigureHelp(kong.HelpOptions{Compact: true, NoExpandSubcommands: true, WrapUpperBound: 100}),
		kong.Help(printHelp),
		kong.Bind(t, console.Streams{Out: t.Out, Err: t.Err}),
		kong.BindTo(ctx, (*context.Context)(nil)),
		kong.Vars{"kinds": strings.Join(source.Names(), ", "), "guards": strings.Join(export.Guards(), ", ")},
		kong.NamedMapper("instant", instantMapper(t)),
	)
	if err != nil {
		return nil, fmt.Errorf("the command line's own grammar is wrong: %w", err)
	}
	return parser, nil
}

// printHelp is kong's help; that of the program as a whole ends with the exit
// codes.
func printHelp(options kong.HelpOptions, ctx *kong.Context) error {
	if err := kong.DefaultHelpPrinter(options, ctx); err != nil {
		return err
	}
	if ctx.Selected() != nil {
		return nil
	}
	_, err := fmt.Fprintf(ctx.Stdout, "\n%s\n", exit.Table)
	return err
}

// instantMapper reads an instant of the command line: RFC 3339, a local date
// and time, or a span from now.
func instantMapper(t *terminal.Terminal) kong.MapperFunc {
	return func(ctx *kong.DecodeContext, target reflect.Value) error {
		var text string
		if err := ctx.Scan.PopValueInto("time", &text); err != nil {
			return err
		}
		at, err := terminal.ParseInstant(text, t.Now(), t.Local)
		if err != nil {
			return err
		}
		target.Set(reflect.ValueOf(&at))
		return nil
	}
}
