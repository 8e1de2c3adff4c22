# fish completion for inject: put it into ~/.config/fish/completions/.
# Written by tests/generated.rs: change the template beside that, then: BLESS=1 cargo test --test generated

# Walks the words in front of the cursor. Prints the verb (empty for the launch), the number of words behind it, and
# the profiles as flags; fails behind `--`.
function __inject_words
    set -l words (commandline -opc)
    set -e words[1]
    contains -- -- $words; and return 1
    set -l verb ''
    set -l places 0
    set -l profiles
    while set -q words[1]
        set -l word $words[1]
        set -e words[1]
        set -l flag
        set -l value
        switch $word
            case '--*=*'
                set flag (string replace -r -- '=.*' '' $word)
                set value (string replace -r -- '^[^=]*=' '' $word)
            case '--*'
                set flag $word
            case '-?*'
                # Flags without a value may stand in front of the one that has it: -vp prod, -vpprod.
                set flag (string replace -rf -- '^-[^@value-shorts@]*([@value-shorts@]).*' '-$1' $word)
                set value (string replace -rf -- '^-[^@value-shorts@]*[@value-shorts@]=?(.+)' '$1' $word)
            case '*'
                if test -z "$verb"; and contains -- $word @verb-names@
                    set verb $word
                else
                    set places (math $places + 1)
                end
        end
        if contains -- "$flag" @value-flags@; and not set -q value[1]
            set value $words[1]
            set -e words[1]
        end
        if contains -- "$flag" @profile-flags@; and set -q value[1]
            set -a profiles --profile=(string replace -r -- '^~/' "$HOME/" $value)
        end
    end
    printf '%s\n' "$verb" $places $profiles
end

# Whether this is in front of `--`, with this verb, and at this word of it where one is given.
function __inject_in
    set -l words (__inject_words); or return 1
    test "$words[1]" = "$argv[1]"; or return 1
    not set -q argv[2]; or test "$words[2]" = $argv[2]
end

# Only ever the program, and only what opens profiles and nothing else.
function __inject_ask
    set -l words (__inject_words)
    command inject complete $argv $words[3..] 2>/dev/null </dev/null
end

function __inject_profiles
    set -l token (string replace -r -- '^(--[a-z-]+=|-[^-@value-shorts@]*p=?)' '' (commandline -ct))
    # Names that stand before a comma are part of the answer; a flag that the value is attached to is not.
    set -l before (string match -r -- '^.*,' $token; or echo)
    set -l value (string replace -r -- '^.*,' '' $token)
    set -l names (command inject complete profiles 2>/dev/null </dev/null)
    set -q names[1]; and printf '%s\tprofile\n' $before$names
    # Files come with all that fish does for them: ~, quotes, escapes.
    set -l files (complete -C "__fish_command_without_completions $value")
    # Folders too, where nothing else fits or the way already leads through one.
    set -l fitting (string match -r -- '^.*\.toml$' $files)
    if string match -q -- '*/*' $value; or not set -q fitting[1]; and not string match -q -- "$value*" $names
        set -a fitting (string match -r -- '^.*/$' $files)
    end
    set -q fitting[1]; and printf '%s\tfile\n' $before$fitting
end

function __inject_behind
    set -l words (commandline -opc)
    contains -- -- $words[2..]
end

# Completes the command behind `--` as the shell would alone.
function __inject_wrapped
    set -l words (commandline -opc)
    set -l token (commandline -ct)
    set -l at (contains -i -- -- $words); or return
    set -e words[1..$at]
    if set -q words[1]
        complete -C (string join -- ' ' (string escape -- $words) $token)
        return
    end
    # What only the shell itself can run is no use here.
    for line in (complete -C "$token")
        set -l name (string split -m 1 -- \t $line)[1]
        if string match -q -- '*/*' $name; or command -q -- $name
            printf '%s\n' $line
        end
    end
end

complete -c inject -f
complete -c inject -n __inject_behind -a '(__inject_wrapped)'
@flags@
