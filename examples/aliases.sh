# Credentials by alias, for bash and zsh: each program gets its own, and the shell itself holds none.
# In ~/.bashrc or ~/.zshrc:  . /path/to/aliases.sh
#
# A bare name is looked for in the project that you stand in (profiles/aws.toml), then in ~/.config/inject/profiles/:
# one alias, and the credentials of whichever project this is. `inject list` shows what a name means here.

alias tf='inject -p aws -- terraform'

# Under the program's own name, so that it cannot be started without them by mistake.
alias ansible-playbook='inject -p base,ansible -i SSH_AUTH_SOCK -- ansible-playbook'

# The blank at the end lets the shell expand an alias behind it too: prod tf, prod make deploy.
alias prod='inject -p prod -- '

# bash completes through an alias where it is asked to; zsh does it by itself, unless complete_aliases is set:
#   shopt -s progcomp_alias
# or, which works beside bash-completion too, for one alias after the other, once inject's script is loaded:
#   complete -F _inject tf prod
