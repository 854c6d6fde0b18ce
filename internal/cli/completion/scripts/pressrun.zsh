#compdef pressrun
# Completion of pressrun for zsh. To have it in each new shell, in ~/.zshrc, below compinit:
#   source <(pressrun completion zsh)

_pressrun() {
	local word text files=
	local -a found
	while IFS=$'\t' read -r word text; do
		if [[ $word == :files ]]; then files=1; else found+=("${word//:/\\:}:$text"); fi
	done < <("${words[1]/#\~/$HOME}" complete -- "${(@)words[2,CURRENT]}" 2>/dev/null)
	if (( $#found )); then _describe -V pressrun found; fi
	if [[ $files ]]; then _files; fi
}

if [[ $funcstack[1] == _pressrun ]]; then _pressrun "$@"; else compdef _pressrun pressrun; fi
