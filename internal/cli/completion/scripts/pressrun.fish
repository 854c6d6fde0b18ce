# Completion of pressrun for fish. To have it in each new shell:
#   pressrun completion fish > ~/.config/fish/completions/pressrun.fish

function __pressrun_words
	set -l words (commandline -opc)
	set -l last (commandline -ct)
	for line in ($words[1] complete -- $words[2..-1] "$last" 2>/dev/null)
		if string match -q ":files*" -- "$line"
			__fish_complete_path "$last"
		else
			echo $line
		end
	end
end

complete -c pressrun -f -a '(__pressrun_words)'
