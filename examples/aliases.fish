# Credentials by alias, for fish: each program gets its own, and the shell itself holds none.
# In ~/.config/fish/config.fish:  source /path/to/aliases.fish
#
# A bare name is looked for in the project that you stand in (profiles/aws.toml), then in ~/.config/inject/profiles/:
# one alias, and the credentials of whichever project this is. `inject list` shows what a name means here.

alias tf='inject -p aws -- terraform'

# Under the program's own name, so that it cannot be started without them by mistake.
alias ansible-playbook='inject -p base,ansible -i SSH_AUTH_SOCK -- ansible-playbook'

alias prod='inject -p prod --'

# fish completes through all of them by itself.
