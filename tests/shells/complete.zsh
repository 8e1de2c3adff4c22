# complete.zsh FOLDER SETUP LINE: what an interactive zsh, on a terminal of its own, offers for LINE; one answer a line.
# FOLDER is put in front of fpath; empty: the scripts of zsh alone.
zmodload zsh/zpty || exit 2
answers=$(mktemp -d) || exit 2
cat >$answers/setup <<EOS
PROMPT= RPROMPT=
[[ -n ${(q)1} ]] && fpath=(${(q)1} \$fpath)
autoload -Uz compinit && compinit -u -d ~/.zcompdump-${#1}
zstyle ':completion:*' insert-tab false
LISTMAX=100000
EOS
cat >>$answers/setup <<'EOS'
bindkey '^I' complete-word
# What is added for show passes through here; -O, -A and -D ask for something else.
compadd() {
    if [[ ${@[1,(i)(-|--)]} == *-(O|A|D)\ * ]]; then
        builtin compadd "$@"
        return
    fi
    setopt localoptions norcexpandparam extendedglob
    local -a hits front behind
    builtin compadd -A hits "$@"
    zparseopts -E P:=front S:=behind p:=front s:=behind
    (( $#hits )) && print -rl -- $IPREFIX${^hits}${behind[2]-} >>$ANSWERS/list
    builtin compadd "$@"
}
compdone() { : >$ANSWERS/done }
comppostfuncs=(compdone)
EOS
print -r -- "$2" >>$answers/setup
print -r -- ': >$ANSWERS/ready' >>$answers/setup
export ANSWERS=$answers
# The terminal is read all the time: a full one would stop the shell.
wait-for() {
    local -i left=2000
    local shown
    while [[ ! -e $answers/$1 ]] && (( left-- )); do
        zpty -r -t shell shown || sleep 0.01
    done
    [[ -e $answers/$1 ]] && return
    print -u2 "zsh did not get to: $1"
    rm -rf $answers
    exit 3
}
zpty -b shell zsh -f -i
zpty -w shell "source $answers/setup"
wait-for ready
zpty -w -n shell "$3"$'\t'
wait-for done
zpty -d shell
[[ -e $answers/list ]] && sort -u $answers/list
# No trap: the fork of zpty would have it too.
rm -rf $answers
