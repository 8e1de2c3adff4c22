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
                set flag (string replace -rf -- '^-[^ip]*([ip]).*' '-$1' $word)
                set value (string replace -rf -- '^-[^ip]*[ip]=?(.+)' '$1' $word)
            case '*'
                if test -z "$verb"; and contains -- $word plan check list trust completions set unset get verify generate import export init scan doctor
                    set verb $word
                else
                    set places (math $places + 1)
                end
        end
        if contains -- "$flag" --format --from --from-file --generate --inherit --profile --set --timeout --to -i -p; and not set -q value[1]
            set value $words[1]
            set -e words[1]
        end
        if contains -- "$flag" --profile -p; and set -q value[1]
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
    set -l token (string replace -r -- '^(--[a-z-]+=|-[^-ip]*p=?)' '' (commandline -ct))
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
complete -c inject -n '__inject_in "" 0' -a plan -d 'Show the environment that a launch would make; touches no source'
complete -c inject -n '__inject_in "" 0' -a check -d 'Resolve everything and say how each variable fares, never its value'
complete -c inject -n '__inject_in "" 0' -a list -d 'Show the profiles that can be found'
complete -c inject -n '__inject_in "" 0' -a trust -d 'Approve a profile that was found in a working tree'
complete -c inject -n '__inject_in "" 0' -a completions -d 'Print a completion script'
complete -c inject -n '__inject_in "" 0' -a set -d 'Store a value where the profile maps NAME'
complete -c inject -n '__inject_in "" 0' -a unset -d 'Remove a value from where the profile maps NAME'
complete -c inject -n '__inject_in "" 0' -a get -d 'Write a value to standard output, byte for byte'
complete -c inject -n '__inject_in "" 0' -a verify -d 'Compare a value with what is typed; exit 0 where they are equal, else 1'
complete -c inject -n '__inject_in "" 0' -a generate -d 'Make a value up and print it'
complete -c inject -n '__inject_in "" 0' -a import -d 'Move a .env file, a JSON file or an envchain namespace into a store'
complete -c inject -n '__inject_in "" 0' -a export -d 'Print the environment for where exec cannot reach'
complete -c inject -n '__inject_in "" 0' -a init -d 'Write a first profile from what is found in this project'
complete -c inject -n '__inject_in "" 0' -a scan -d 'Look for the values of a profile in files; exit 1 where one is found'
complete -c inject -n '__inject_in "" 0' -a doctor -d 'Say what would keep a launch from working here'
complete -c inject -n '__inject_in ""' -s p -l profile -x -a '(__inject_profiles)' -d 'A profile, by name or path; may be repeated, the later one wins'
complete -c inject -n '__inject_in ""' -s i -l inherit -x -a '(set --names --export)' -d 'Also copy the caller\'s variables that match PATTERN'
complete -c inject -n '__inject_in ""' -l set -x -a '(__inject_ask variables)=' -d 'Set a variable that is no secret'
complete -c inject -n '__inject_in ""' -l timeout -x -d 'The time for resolving everything, like 10s [default: 30s]'
complete -c inject -n '__inject_in ""' -l trust -d 'Trust the profiles of this launch, without remembering it'
complete -c inject -n '__inject_in ""' -s v -l verbose -d 'Say on stderr which variables come from which sources'
complete -c inject -n '__inject_in ""' -s h -l help -d 'Print help (see more with \'--help\')'
complete -c inject -n '__inject_in ""' -s V -l version -d 'Print version'
complete -c inject -n '__inject_in plan' -s p -l profile -x -a '(__inject_profiles)' -d 'A profile, by name or path; may be repeated, the later one wins'
complete -c inject -n '__inject_in plan' -s i -l inherit -x -a '(set --names --export)' -d 'Also copy the caller\'s variables that match PATTERN'
complete -c inject -n '__inject_in plan' -l set -x -a '(__inject_ask variables)=' -d 'Set a variable that is no secret'
complete -c inject -n '__inject_in plan' -l timeout -x -d 'The time for resolving everything, like 10s [default: 30s]'
complete -c inject -n '__inject_in plan' -l trust -d 'Trust the profiles of this launch, without remembering it'
complete -c inject -n '__inject_in plan' -l json -d 'Print JSON'
complete -c inject -n '__inject_in plan' -l dropped -d 'Also show which of the caller\'s variables do not get through'
complete -c inject -n '__inject_in plan' -s h -l help -d 'Print help'
complete -c inject -n '__inject_in check' -s p -l profile -x -a '(__inject_profiles)' -d 'A profile, by name or path; may be repeated, the later one wins'
complete -c inject -n '__inject_in check' -s i -l inherit -x -a '(set --names --export)' -d 'Also copy the caller\'s variables that match PATTERN'
complete -c inject -n '__inject_in check' -l set -x -a '(__inject_ask variables)=' -d 'Set a variable that is no secret'
complete -c inject -n '__inject_in check' -l timeout -x -d 'The time for resolving everything, like 10s [default: 30s]'
complete -c inject -n '__inject_in check' -l trust -d 'Trust the profiles of this launch, without remembering it'
complete -c inject -n '__inject_in check' -l json -d 'Print JSON'
complete -c inject -n '__inject_in check' -l strict -d 'Exit 1 on a warning'
complete -c inject -n '__inject_in check' -s h -l help -d 'Print help'
complete -c inject -n '__inject_in list' -l json -d 'Print JSON'
complete -c inject -n '__inject_in list' -s h -l help -d 'Print help'
complete -c inject -n '__inject_in trust' -l list -d 'Show what is approved'
complete -c inject -n '__inject_in trust' -l remove -d 'Take the approval back'
complete -c inject -n '__inject_in trust' -s h -l help -d 'Print help'
complete -c inject -n '__inject_in trust 0' -x -a '(__inject_profiles)'
complete -c inject -n '__inject_in completions' -s h -l help -d 'Print help'
complete -c inject -n '__inject_in completions 0' -x -a 'bash zsh fish'
complete -c inject -n '__inject_in set' -s p -l profile -x -a '(__inject_profiles)' -d 'A profile, by name or path; may be repeated, the later one wins'
complete -c inject -n '__inject_in set' -s i -l inherit -x -a '(set --names --export)' -d 'Also copy the caller\'s variables that match PATTERN'
complete -c inject -n '__inject_in set' -l set -x -a '(__inject_ask variables)=' -d 'Set a variable that is no secret'
complete -c inject -n '__inject_in set' -l timeout -x -d 'The time for resolving everything, like 10s [default: 30s]'
complete -c inject -n '__inject_in set' -l trust -d 'Trust the profiles of this launch, without remembering it'
complete -c inject -n '__inject_in set' -l to -x -a '(__inject_ask sources):' -d 'Map NAME to this reference first'
complete -c inject -n '__inject_in set' -l stdin -d 'Take the value from standard input, byte for byte'
complete -c inject -n '__inject_in set' -l from-file -r -F -d 'Take the value from a file, byte for byte'
complete -c inject -n '__inject_in set' -l generate -x -d 'Make a value up [default SPEC: urlsafe:32]'
complete -c inject -n '__inject_in set' -s h -l help -d 'Print help'
complete -c inject -n '__inject_in set 0' -x -a '(__inject_ask variables)'
complete -c inject -n '__inject_in unset' -s p -l profile -x -a '(__inject_profiles)' -d 'A profile, by name or path; may be repeated, the later one wins'
complete -c inject -n '__inject_in unset' -s i -l inherit -x -a '(set --names --export)' -d 'Also copy the caller\'s variables that match PATTERN'
complete -c inject -n '__inject_in unset' -l set -x -a '(__inject_ask variables)=' -d 'Set a variable that is no secret'
complete -c inject -n '__inject_in unset' -l timeout -x -d 'The time for resolving everything, like 10s [default: 30s]'
complete -c inject -n '__inject_in unset' -l trust -d 'Trust the profiles of this launch, without remembering it'
complete -c inject -n '__inject_in unset' -l yes -d 'Do not ask before a whole secret of a remote store is removed'
complete -c inject -n '__inject_in unset' -s h -l help -d 'Print help'
complete -c inject -n '__inject_in unset 0' -x -a '(__inject_ask variables)'
complete -c inject -n '__inject_in get' -s p -l profile -x -a '(__inject_profiles)' -d 'A profile, by name or path; may be repeated, the later one wins'
complete -c inject -n '__inject_in get' -s i -l inherit -x -a '(set --names --export)' -d 'Also copy the caller\'s variables that match PATTERN'
complete -c inject -n '__inject_in get' -l set -x -a '(__inject_ask variables)=' -d 'Set a variable that is no secret'
complete -c inject -n '__inject_in get' -l timeout -x -d 'The time for resolving everything, like 10s [default: 30s]'
complete -c inject -n '__inject_in get' -l trust -d 'Trust the profiles of this launch, without remembering it'
complete -c inject -n '__inject_in get' -l show -d 'Also to a terminal'
complete -c inject -n '__inject_in get' -s h -l help -d 'Print help'
complete -c inject -n '__inject_in get 0' -x -a '(__inject_ask variables)'
complete -c inject -n '__inject_in verify' -s p -l profile -x -a '(__inject_profiles)' -d 'A profile, by name or path; may be repeated, the later one wins'
complete -c inject -n '__inject_in verify' -s i -l inherit -x -a '(set --names --export)' -d 'Also copy the caller\'s variables that match PATTERN'
complete -c inject -n '__inject_in verify' -l set -x -a '(__inject_ask variables)=' -d 'Set a variable that is no secret'
complete -c inject -n '__inject_in verify' -l timeout -x -d 'The time for resolving everything, like 10s [default: 30s]'
complete -c inject -n '__inject_in verify' -l trust -d 'Trust the profiles of this launch, without remembering it'
complete -c inject -n '__inject_in verify' -l stdin -d 'Take the value from standard input, byte for byte'
complete -c inject -n '__inject_in verify' -s h -l help -d 'Print help'
complete -c inject -n '__inject_in verify 0' -x -a '(__inject_ask variables)'
complete -c inject -n '__inject_in generate' -s h -l help -d 'Print help'
complete -c inject -n '__inject_in generate 0' -x
complete -c inject -n '__inject_in import' -s p -l profile -x -a '(__inject_profiles)' -d 'A profile, by name or path; may be repeated, the later one wins'
complete -c inject -n '__inject_in import' -s i -l inherit -x -a '(set --names --export)' -d 'Also copy the caller\'s variables that match PATTERN'
complete -c inject -n '__inject_in import' -l set -x -a '(__inject_ask variables)=' -d 'Set a variable that is no secret'
complete -c inject -n '__inject_in import' -l timeout -x -d 'The time for resolving everything, like 10s [default: 30s]'
complete -c inject -n '__inject_in import' -l trust -d 'Trust the profiles of this launch, without remembering it'
complete -c inject -n '__inject_in import' -l from -x -a 'envchain' -d 'Take over namespaces of another tool instead of a file'
complete -c inject -n '__inject_in import' -l to -x -a '(__inject_ask sources):' -d 'Where each key goes: the prefix is put before it as it stands'
complete -c inject -n '__inject_in import' -l dry-run -d 'Only show what would be done'
complete -c inject -n '__inject_in import' -l remove -d 'Remove the plaintext afterwards'
complete -c inject -n '__inject_in import' -l yes -d 'Do not ask'
complete -c inject -n '__inject_in import' -s h -l help -d 'Print help'
complete -c inject -n '__inject_in import' -F
complete -c inject -n '__inject_in export' -s p -l profile -x -a '(__inject_profiles)' -d 'A profile, by name or path; may be repeated, the later one wins'
complete -c inject -n '__inject_in export' -s i -l inherit -x -a '(set --names --export)' -d 'Also copy the caller\'s variables that match PATTERN'
complete -c inject -n '__inject_in export' -l set -x -a '(__inject_ask variables)=' -d 'Set a variable that is no secret'
complete -c inject -n '__inject_in export' -l timeout -x -d 'The time for resolving everything, like 10s [default: 30s]'
complete -c inject -n '__inject_in export' -l trust -d 'Trust the profiles of this launch, without remembering it'
complete -c inject -n '__inject_in export' -l format -x -a 'dotenv json shell docker github systemd' -d 'How to write it'
complete -c inject -n '__inject_in export' -l show -d 'Also to a terminal'
complete -c inject -n '__inject_in export' -s h -l help -d 'Print help'
complete -c inject -n '__inject_in init' -l yes -d 'Do not ask'
complete -c inject -n '__inject_in init' -s h -l help -d 'Print help'
complete -c inject -n '__inject_in scan' -s p -l profile -x -a '(__inject_profiles)' -d 'A profile, by name or path; may be repeated, the later one wins'
complete -c inject -n '__inject_in scan' -s i -l inherit -x -a '(set --names --export)' -d 'Also copy the caller\'s variables that match PATTERN'
complete -c inject -n '__inject_in scan' -l set -x -a '(__inject_ask variables)=' -d 'Set a variable that is no secret'
complete -c inject -n '__inject_in scan' -l timeout -x -d 'The time for resolving everything, like 10s [default: 30s]'
complete -c inject -n '__inject_in scan' -l trust -d 'Trust the profiles of this launch, without remembering it'
complete -c inject -n '__inject_in scan' -l staged -d 'Look into what git has staged, as it is in the index'
complete -c inject -n '__inject_in scan' -s h -l help -d 'Print help'
complete -c inject -n '__inject_in scan' -F
complete -c inject -n '__inject_in doctor' -s p -l profile -x -a '(__inject_profiles)' -d 'A profile, by name or path; may be repeated, the later one wins'
complete -c inject -n '__inject_in doctor' -s i -l inherit -x -a '(set --names --export)' -d 'Also copy the caller\'s variables that match PATTERN'
complete -c inject -n '__inject_in doctor' -l set -x -a '(__inject_ask variables)=' -d 'Set a variable that is no secret'
complete -c inject -n '__inject_in doctor' -l timeout -x -d 'The time for resolving everything, like 10s [default: 30s]'
complete -c inject -n '__inject_in doctor' -l trust -d 'Trust the profiles of this launch, without remembering it'
complete -c inject -n '__inject_in doctor' -s h -l help -d 'Print help'
