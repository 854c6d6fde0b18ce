package completion

import (
	"embed"
	"fmt"
)

//go:embed scripts
var scripts embed.FS

// Script is what a shell reads to complete the program's commands: bash, zsh or fish.
func Script(shell string) (string, error) {
	text, err := scripts.ReadFile("scripts/pressrun." + shell)
	if err != nil {
		return "", fmt.Errorf("there is no completion for %q; expected bash, zsh or fish", shell)
	}
	return string(text), nil
}
