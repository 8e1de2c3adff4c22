#!/bin/sh
# Runs COMMAND beside a session bus and a GNOME Keyring of its own, in a HOME and XDG_RUNTIME_DIR that are removed
# afterwards. The bus starts nothing by itself, so what answers on it is what is started here: no prompter either.
#   keyring.sh [--bare] COMMAND [ARG]...       --bare: a bus without a provider
# COMMAND sees BUS_PID and KEYRING_PID. To lock: dbus-send ... Secret.Service.Lock (see store/tests).
set -eu
bare=
if [ "${1-}" = --bare ]; then bare=1; shift; fi
[ $# -gt 0 ] || { echo "usage: keyring.sh [--bare] COMMAND [ARG]..." >&2; exit 2; }
for tool in dbus-daemon dbus-send gnome-keyring-daemon secret-tool; do
    command -v $tool >/dev/null || {
        echo "keyring.sh: no $tool: apt-get install dbus gnome-keyring libsecret-tools" >&2; exit 2; }
done

dir=$(mktemp -d)
BUS_PID= KEYRING_PID=
cleanup() {
    for pid in $KEYRING_PID $BUS_PID; do kill -KILL "$pid" 2>/dev/null || :; done
    wait
    rm -rf "$dir"
}
trap cleanup EXIT
trap 'exit 1' HUP INT TERM

mkdir -m 700 "$dir/home" "$dir/run"
cat >"$dir/bus.conf" <<END
<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig><type>session</type><listen>unix:path=$dir/run/bus</listen>
<policy context="default"><allow send_destination="*" eavesdrop="true"/><allow eavesdrop="true"/><allow own="*"/></policy>
</busconfig>
END
export HOME="$dir/home" XDG_RUNTIME_DIR="$dir/run" DBUS_SESSION_BUS_ADDRESS="unix:path=$dir/run/bus"
unset DISPLAY WAYLAND_DISPLAY XDG_CONFIG_HOME XDG_DATA_HOME XDG_CACHE_HOME XDG_STATE_HOME GNOME_KEYRING_CONTROL

until_there() { # "what" COMMAND...: for at most ten seconds
    what=$1; shift
    for _ in $(seq 200); do "$@" >/dev/null 2>&1 && return; sleep 0.05; done
    echo "keyring.sh: $what did not start" >&2; exit 2
}
dbus-daemon --config-file="$dir/bus.conf" --nofork --nopidfile >/dev/null 2>&1 &
BUS_PID=$!
until_there dbus-daemon test -S "$dir/run/bus"
if [ -z "$bare" ]; then
    printf pw | gnome-keyring-daemon --foreground --unlock --components=secrets >/dev/null 2>&1 &
    KEYRING_PID=$!
    until_there gnome-keyring dbus-send --session --print-reply --dest=org.freedesktop.secrets \
        /org/freedesktop/secrets/collection/login org.freedesktop.DBus.Properties.Get \
        string:org.freedesktop.Secret.Collection string:Locked
fi
export BUS_PID KEYRING_PID
"$@"
