# complete.bash SCRIPT LINE WORD...: calls the completion as bash does, with the cursor at the end, and prints the answers.
# LINE is what was typed, the WORDs are what bash makes of it.
set -u
compopt() { :; } # the real one works under readline only: tests/shells/terminal.py
source "$1"
COMP_LINE=$2 COMP_POINT=${#2} COMP_TYPE=9 COMP_KEY=9
COMP_WORDS=("${@:3}")
COMP_CWORD=$((${#COMP_WORDS[@]} - 1))
typed=${COMP_WORDS[COMP_CWORD]}
[[ $typed == [=:] ]] && typed=
_inject "${COMP_WORDS[0]}" "$typed" "${COMP_WORDS[COMP_CWORD - 1]}"
((${#COMPREPLY[@]} == 0)) || printf '%s\n' "${COMPREPLY[@]}"
