# Completion of pressrun for bash. To have it in each new shell, in ~/.bashrc:
#   source <(pressrun completion bash)

_pressrun() {
	local word text files=
	COMPREPLY=()
	while IFS=$'\t' read -r word text; do
		if [[ $word == :files ]]; then files=1; else COMPREPLY+=("$word"); fi
	done < <("${COMP_WORDS[0]/#\~/$HOME}" complete -- "${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null)
	if [[ $files ]]; then compopt -o default 2>/dev/null; fi
}
complete -F _pressrun pressrun
