package terminal

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"golang.org/x/term"
)

// maxSecret is the length of the longest secret, in bytes.
const maxSecret = 4 << 10

// ErrNoSecret is of an input that ends before there is anything.
var ErrNoSecret = errors.New("standard input holds nothing; expected one line")

// ReadSecret reads one line. On a terminal it asks for it, on Err, and shows
// nothing of what is typed; an interrupt gives the terminal back as it was.
func (t *Terminal) ReadSecret(ctx context.Context, question string) (string, error) {
	file, ok := t.In.(*os.File)
	if !ok || !term.IsTerminal(int(file.Fd())) {
		return firstLine(t.In)
	}
	before, err := term.GetState(int(file.Fd()))
	if err != nil {
		return "", fmt.Errorf("look at the terminal: %w", err)
	}
	fmt.Fprint(t.Err, question)
	type answer struct {
		text []byte
		err  error
	}
	typed := make(chan answer, 1)
	go func() {
		text, err := term.ReadPassword(int(file.Fd()))
		typed <- answer{text, err}
	}()
	select {
	case <-ctx.Done():
		return "", errors.Join(ctx.Err(), term.Restore(int(file.Fd()), before))
	case got := <-typed:
		fmt.Fprintln(t.Err) // for the Enter that was not shown
		if got.err != nil {
			return "", fmt.Errorf("read from the terminal: %w", got.err)
		}
		return string(got.text), nil
	}
}

// Asks says whether there is somebody to ask: In is a terminal.
func (t *Terminal) Asks() bool {
	file, ok := t.In.(*os.File)
	return ok && term.IsTerminal(int(file.Fd()))
}

func firstLine(in io.Reader) (string, error) {
	line, err := bufio.NewReader(io.LimitReader(in, maxSecret)).ReadString('\n')
	if line == "" {
		if err == nil || errors.Is(err, io.EOF) {
			return "", ErrNoSecret
		}
		return "", fmt.Errorf("read standard input: %w", err)
	}
	return strings.TrimRight(line, "\r\n"), nil
}
