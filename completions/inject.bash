# bash completion for inject: source it, or put it where bash-completion looks (as .../completions/inject).
# Through an alias, like alias tf='inject -p aws -- terraform', it works where you say: shopt -s progcomp_alias
# bash looks at an alias last, though, behind what bash-completion does for unknown commands. This works in any case:
#   complete -F _inject tf
# Written by tests/generated.rs: change the template beside that, then: BLESS=1 cargo test --test generated

# What the launch (''), or a verb, takes: its flags, what their values are, and what its words are.
_inject_takes() {
    case $1 in
    '')
        flags='-p --profile -i --inherit --set --timeout --trust -v --verbose -h --help -V --version'
        values=' -p=profiles --profile=profiles -i=environment --inherit=environment --set=assignments --timeout=anything '
        places='plan check list trust completions set unset get verify generate import export init scan doctor'
        ;;
    plan)
        flags='-p --profile -i --inherit --set --timeout --trust --json --dropped -h --help'
        values=' -p=profiles --profile=profiles -i=environment --inherit=environment --set=assignments --timeout=anything '
        places=''
        ;;
    check)
        flags='-p --profile -i --inherit --set --timeout --trust --json --strict -h --help'
        values=' -p=profiles --profile=profiles -i=environment --inherit=environment --set=assignments --timeout=anything '
        places=''
        ;;
    list)
        flags='--json -h --help'
        values=''
        places=''
        ;;
    trust)
        flags='--list --remove -h --help'
        values=''
        places='profiles'
        ;;
    completions)
        flags='-h --help'
        values=''
        places='words:bash|zsh|fish'
        ;;
    set)
        flags='-p --profile -i --inherit --set --timeout --trust --to --stdin --from-file --generate -h --help'
        values=' -p=profiles --profile=profiles -i=environment --inherit=environment --set=assignments --timeout=anything --to=sources --from-file=files --generate=anything '
        places='variables'
        ;;
    unset)
        flags='-p --profile -i --inherit --set --timeout --trust --yes -h --help'
        values=' -p=profiles --profile=profiles -i=environment --inherit=environment --set=assignments --timeout=anything '
        places='variables'
        ;;
    get)
        flags='-p --profile -i --inherit --set --timeout --trust --show -h --help'
        values=' -p=profiles --profile=profiles -i=environment --inherit=environment --set=assignments --timeout=anything '
        places='variables'
        ;;
    verify)
        flags='-p --profile -i --inherit --set --timeout --trust --stdin -h --help'
        values=' -p=profiles --profile=profiles -i=environment --inherit=environment --set=assignments --timeout=anything '
        places='variables'
        ;;
    generate)
        flags='-h --help'
        values=''
        places='anything'
        ;;
    import)
        flags='-p --profile -i --inherit --set --timeout --trust --from --to --dry-run --remove --yes -h --help'
        values=' -p=profiles --profile=profiles -i=environment --inherit=environment --set=assignments --timeout=anything --from=words:envchain --to=sources '
        places='files files files files files files files files files files files files files files files files files files files files files files files files files files files files files files files files files files files files files files files files files files files files files files files files files files files files files files files files files files files files files files files files files files files files files files files files files files files files files files files files files files files files files files files files files files files files files files files files files files files'
        ;;
    export)
        flags='-p --profile -i --inherit --set --timeout --trust --format --show -h --help'
        values=' -p=profiles --profile=profiles -i=environment --inherit=environment --set=assignments --timeout=anything --format=words:dotenv|json|shell|docker|github|systemd '
        places=''
        ;;
    init)
        flags='--yes -h --help'
        values=''
        places=''
        ;;
    scan)
        flags='-p --profile -i --inherit --set --timeout --trust --staged -h --help'
        values=' -p=profiles --profile=profiles -i=environment --inherit=environment --set=assignments --timeout=anything '
        places='files files files files files files files files files files files files files files files files files files files files files files files files files files files files files files files files files files files files files files files files files files files files files files files files files files files files files files files files files files files files files files files files files files files files files files files files files files files files files files files files files files files files files files files files files files files files files files files files files files files'
        ;;
    doctor)
        flags='-p --profile -i --inherit --set --timeout --trust -h --help'
        values=' -p=profiles --profile=profiles -i=environment --inherit=environment --set=assignments --timeout=anything '
        places=''
        ;;
    *) return 1 ;;
    esac
}

_inject() {
    if [[ ${BASH_ALIASES[${COMP_WORDS[0]}]-} == inject\ * && ${COMP_WORDS[0]} != inject ]]; then
        _inject_alias "$2" "$3"
        return
    fi
    local _inject_at=1
    while ((_inject_at < COMP_CWORD)) && [[ ${COMP_WORDS[_inject_at]} != -- ]]; do _inject_at=$((_inject_at + 1)); done
    COMPREPLY=()
    if ((_inject_at < COMP_CWORD)); then
        _inject_behind $((_inject_at + 1)) "$2" "$3"
    else
        _inject_front "$2"
    fi
}

# The line with the alias at its start written out. Nothing of it is evaluated.
_inject_alias() {
    local _inject_said=${BASH_ALIASES[${COMP_WORDS[0]}]} _inject_before=$2
    local -a _inject_words=()
    read -ra _inject_words <<<"$_inject_said"
    ((COMP_CWORD > 1)) || _inject_before=${_inject_words[-1]}
    local COMP_POINT=$((COMP_POINT + ${#_inject_said} - ${#COMP_WORDS[0]}))
    local COMP_LINE=$_inject_said${COMP_LINE#"${COMP_WORDS[0]}"}
    local COMP_CWORD=$((COMP_CWORD + ${#_inject_words[@]} - 1))
    _inject_words+=("${COMP_WORDS[@]:1}")
    local -a COMP_WORDS=("${_inject_words[@]}")
    _inject inject "$1" "$_inject_before"
}

# Completes the command that starts at word $1 as the shell would alone.
_inject_behind() {
    local _inject_rest=$COMP_LINE _inject_word
    for _inject_word in "${COMP_WORDS[@]:0:$1}"; do
        _inject_rest=${_inject_rest#"${_inject_rest%%[![:space:]]*}"}
        _inject_rest=${_inject_rest#"$_inject_word"}
    done
    _inject_rest=${_inject_rest#"${_inject_rest%%[![:space:]]*}"}
    local COMP_POINT=$((COMP_POINT - ${#COMP_LINE} + ${#_inject_rest}))
    local COMP_LINE=$_inject_rest
    local COMP_CWORD=$((COMP_CWORD - $1))
    local -a _inject_words=("${COMP_WORDS[@]:$1}")
    local -a COMP_WORDS=("${_inject_words[@]}")
    if ((COMP_CWORD == 0)); then
        _inject_programs "$2"
        return
    fi
    local _inject_spec
    if ! _inject_spec=$(_inject_lookup "${COMP_WORDS[0]}"); then
        # Whoever loads completions when they are first needed (bash-completion) says 124 for "now there is one".
        if ! _inject_spec=$(complete -p -D 2>/dev/null); then
            compopt -o bashdefault -o default
            return
        fi
        _inject_apply "$_inject_spec" "$2" "$3"
        (($? == 124)) || return 0
        if ! _inject_spec=$(_inject_lookup "${COMP_WORDS[0]}"); then
            COMPREPLY=()
            compopt -o bashdefault -o default
            return
        fi
    fi
    _inject_apply "$_inject_spec" "$2" "$3"
    (($? == 124)) || return 0
    COMPREPLY=()
    if _inject_spec=$(_inject_lookup "${COMP_WORDS[0]}"); then _inject_apply "$_inject_spec" "$2" "$3"; fi
    return 0
}

# The programs that start with $1. What only the shell itself can run is no use behind `--`.
_inject_programs() {
    if [[ $1 == */* ]]; then
        compopt -o filenames
        mapfile -t COMPREPLY < <(compgen -c -- "$1")
        return
    fi
    mapfile -t COMPREPLY < <(
        declare -A own=()
        while IFS= read -r name; do own[$name]=1; done < <(compgen -abk -A function -- "$1")
        compgen -c -- "$1" | while IFS= read -r name; do
            [[ ${own[$name]-} ]] && ! type -P -- "$name" >/dev/null || printf '%s\n' "$name"
        done
    )
}

# How $1 is completed. For an alias of the same name (alias x='inject -- x') that is not this script once more.
_inject_lookup() {
    local _inject_found
    _inject_found=$(complete -p -- "$1" 2>/dev/null) ||
        { [[ $1 == */* ]] && _inject_found=$(complete -p -- "${1##*/}" 2>/dev/null); } || return
    [[ $_inject_found != *' -F _inject '* || ${1##*/} == inject ]] && printf '%s' "$_inject_found"
}

# The words of `complete -p`, which bash quotes for reading them again.
_inject_split() {
    local -
    set -f
    eval "_inject_said=($1)"
}

# Does what the specification $1 says, for the command in COMP_WORDS; $2 is the word and $3 the one before it.
_inject_apply() {
    local _inject_function='' _inject_command='' _inject_i
    local -a _inject_said=() _inject_rest=() _inject_own=()
    _inject_split "$1"
    for ((_inject_i = 1; _inject_i < ${#_inject_said[@]} - 1; _inject_i++)); do
        case ${_inject_said[_inject_i]} in
        -o) compopt -o "${_inject_said[++_inject_i]}" ;;
        -F) _inject_function=${_inject_said[++_inject_i]} ;;
        -C) _inject_command=${_inject_said[++_inject_i]} ;;
        -[AGWPSX])
            _inject_own+=("${_inject_said[_inject_i]}" "${_inject_said[_inject_i + 1]}")
            _inject_i=$((_inject_i + 1))
            ;;
        *) _inject_own+=("${_inject_said[_inject_i]}") ;;
        esac
    done
    COMPREPLY=()
    local _inject_status=0
    if [[ $_inject_function ]]; then
        "$_inject_function" "${COMP_WORDS[0]}" "$2" "$3"
        _inject_status=$?
    fi
    if [[ $_inject_command ]]; then
        mapfile -t _inject_rest < <(
            export COMP_LINE COMP_POINT COMP_TYPE COMP_KEY
            eval "$_inject_command"' "${COMP_WORDS[0]}" "$2" "$3"'
        )
        COMPREPLY+=("${_inject_rest[@]}")
    fi
    if ((${#_inject_own[@]})); then
        mapfile -t _inject_rest < <(compgen "${_inject_own[@]}" -- "$2" 2>/dev/null)
        COMPREPLY+=("${_inject_rest[@]}")
    fi
    return "$_inject_status"
}

# Completes what stands in front of `--`; $1 is what readline puts the answer in place of.
_inject_front() {
    local flags values places word gap rest=$COMP_LINE at=0 left i
    local -a words=() asked=() found=()
    # The words as inject gets them: bash has cut them at = and : too.
    for ((i = 0; i <= COMP_CWORD; i++)); do
        gap=${rest%%[![:space:]]*}
        rest=${rest:${#gap}}
        at=$((at + ${#gap}))
        word=${COMP_WORDS[i]}
        if ((i == COMP_CWORD)); then
            left=$((COMP_POINT > at ? COMP_POINT - at : 0))
            word=${word:0:left}
        fi
        if ((i == 0 || ${#gap})); then words+=("$word"); else words[-1]+=$word; fi
        rest=${rest:${#COMP_WORDS[i]}}
        at=$((at + ${#COMP_WORDS[i]}))
    done
    words=("${words[@]//[\\\"\']/}")

    local verb='' want='' value='' place=0
    _inject_takes ''
    for word in "${words[@]:1:${#words[@]}-2}"; do
        if [[ $want ]]; then
            value=$word
        elif [[ $word == -?* ]]; then
            _inject_flag "$word"
            [[ $want && $value ]] || continue
        else
            if [[ ! $verb ]] && _inject_takes "$word"; then verb=$word; else place=$((place + 1)); fi
            continue
        fi
        [[ $want == profiles ]] && asked+=("--profile=${value/#\~\//$HOME/}")
        want='' value=''
    done

    local cur=${words[-1]} typed=${1//[\\\"\']/} before=''
    local keep=${cur%"$typed"}
    if [[ ! $want && $cur == -* ]]; then
        _inject_flag "$cur" at-end
        if [[ $want ]]; then
            before=${cur%"$value"}
        else
            mapfile -t found < <(compgen -W "$flags" -- "$cur")
        fi
    elif [[ $want ]]; then
        value=$cur
    elif [[ $verb ]]; then
        value=$cur
        read -ra found <<<"$places"
        want=${found[place]-}
        found=()
        # Nothing else can follow: show the flags.
        [[ $want ]] || mapfile -t found < <(compgen -W "$flags" -- "$cur")
    else
        value=$cur
        mapfile -t found < <(compgen -W "$places" -- "$cur")
        [[ $cur ]] || ((${#words[@]} < 3)) || found+=(--)
    fi

    case $want in
    profiles)
        if [[ $value == *,* ]]; then
            before+=${value%,*},
            value=${value##*,}
        fi
        mapfile -t found < <(compgen -W "$(_inject_ask profiles)" -- "$value")
        local -a files=()
        mapfile -t files < <(
            compgen -f -X '!*.toml' -- "$value" | while IFS= read -r i; do
                [[ -d ${i/#\~\//$HOME/} ]] || printf '%s\n' "$i"
            done
        )
        [[ ${found[*]-}${files[*]-} && $value != */* ]] || mapfile -t -O ${#files[@]} files < <(compgen -S / -d -- "$value")
        for i in "${!files[@]}"; do
            printf -v word %q "${files[i]}"
            found+=("${word/#\\\~/\~}")
        done
        if ((${#found[@]} == 1)) && [[ ${found[0]} == */ ]]; then compopt -o nospace; fi
        ;;
    environment) mapfile -t found < <(compgen -e -- "$value") ;;
    assignments)
        compopt -o nospace
        mapfile -t found < <(compgen -S = -W "$(_inject_ask variables "${asked[@]}")" -- "$value")
        ;;
    variables) mapfile -t found < <(compgen -W "$(_inject_ask variables "${asked[@]}")" -- "$value") ;;
    sources)
        compopt -o nospace
        mapfile -t found < <(compgen -S : -W "$(_inject_ask sources "${asked[@]}")" -- "$value")
        ;;
    files) compopt -o default ;;
    words:*)
        word=${want#words:}
        mapfile -t found < <(compgen -W "${word//|/ }" -- "$value")
        ;;
    esac
    _inject_answer
}

# What the flags in $1 ask for: `want` is what the value of the last one is, and `value` what $1 itself gives of it.
_inject_flag() {
    local i
    want='' value=''
    if [[ $1 == --* ]]; then
        if [[ $1 == *=* ]]; then
            _inject_value "${1%%=*}"
            value=${1#*=}
        elif [[ ! ${2-} ]]; then
            _inject_value "$1"
        fi
        return
    fi
    for ((i = 1; i < ${#1}; i++)); do
        _inject_value "-${1:i:1}"
        if [[ $want ]]; then
            value=${1:i+1}
            value=${value#=}
            [[ ${2-} && $i -eq $((${#1} - 1)) ]] && want=''
            return
        fi
    done
}

_inject_value() {
    [[ $values == *" $1="* ]] || return
    want=${values#*" $1="}
    want=${want%% *}
}

# Only ever the program, and only what opens profiles and nothing else.
_inject_ask() { command inject complete "$@" 2>/dev/null </dev/null; }

# `before` is what stands in front of each answer, `keep` the part of the word that readline leaves alone.
_inject_answer() {
    local one
    COMPREPLY=()
    for one in "${found[@]}"; do
        one=$before$one
        COMPREPLY+=("${one#"$keep"}")
    done
}

complete -F _inject inject
