#!/bin/bash
# Runs COMMAND beside a real systemd: PID 1, in system mode, on an overlay of this machine's own root. No image; about a
# second. All that it writes is in a tmpfs, in namespaces and a cgroup of its own, which are gone afterwards.
#   systemd.sh [--install PROGRAM]... COMMAND [ARG]...      --install: into its /usr/local/bin
# COMMAND sees INIT_PID, the pid of that systemd here: nsenter -t "$INIT_PID" -a systemctl ...
# Needs root, cgroup2 and overlayfs. Nothing of this machine's own PID 1 is touched.
set -eu
install=()
while [ "${1-}" = --install ]; do install+=("$2"); shift 2; done
[ $# -gt 0 ] || { echo "usage: systemd.sh [--install PROGRAM]... COMMAND [ARG]..." >&2; exit 2; }
for tool in unshare nsenter systemctl systemd-creds systemd-analyze; do
    command -v $tool >/dev/null || { echo "systemd.sh: no $tool: apt-get install systemd util-linux" >&2; exit 2; }
done
[ "$(id -u)" = 0 ] || { echo "systemd.sh: must be root" >&2; exit 2; }

dir=$(mktemp -d)
UNSHARE_PID= INIT_PID= cgroup=
cleanup() {
    set +e
    # SIGRTMIN+3 asks it to halt. Killed outright, it takes its whole namespace along.
    [ -z "$INIT_PID" ] || kill -s RTMIN+3 "$INIT_PID" 2>/dev/null
    for _ in $(seq 30); do [ -n "$INIT_PID" ] && [ -d "/proc/$INIT_PID" ] || break; sleep 0.1; done
    [ -z "$INIT_PID" ] || kill -KILL "$INIT_PID" 2>/dev/null
    [ -z "$UNSHARE_PID" ] || { kill "$UNSHARE_PID" 2>/dev/null; wait "$UNSHARE_PID" 2>/dev/null; }
    [ -z "$cgroup" ] || for _ in $(seq 20); do
        find "$cgroup" -depth -type d -exec rmdir {} \; 2>/dev/null
        [ -d "$cgroup" ] || break
        sleep 0.1
    done
    [ ! -d "$dir/cgroup" ] || umount "$dir/cgroup" 2>/dev/null
    rm -rf "$dir"
}
trap cleanup EXIT
trap 'exit 1' HUP INT TERM

# Where cgroup2 is: all of /sys/fs/cgroup, a part of it, or mounted nowhere yet.
base=$(awk '$3 == "cgroup2" { print $2; exit }' /proc/mounts)
if [ -z "$base" ]; then
    base=$dir/cgroup; mkdir "$base"
    mount -t cgroup2 cgroup2 "$base" || { echo "systemd.sh: this machine has no cgroup2" >&2; exit 2; }
fi
cgroup=$base/inject-test-$$
mkdir "$cgroup" || { echo "systemd.sh: no cgroup can be made below $base" >&2; exit 2; }

mkdir "$dir/root"
cat >"$dir/init.sh" <<'INIT'
set -e
root=$1; shift
mount --make-rprivate /
mount -t tmpfs -o size=1g tmpfs "$root"; mkdir "$root/upper" "$root/work" "$root/new"
mount -t overlay overlay -o "lowerdir=/,upperdir=$root/upper,workdir=$root/work" "$root/new"
for program in "$@"; do cp "$program" "$root/new/usr/local/bin/"; done
cd "$root/new"
mount -t proc proc proc; mount -t sysfs sysfs sys
mount -t tmpfs -o mode=755 tmpfs dev; mkdir dev/pts dev/shm
for node in null zero full random urandom tty; do touch dev/$node; mount --bind /dev/$node dev/$node; done
mount -t devpts -o newinstance,ptmxmode=0666,mode=620,gid=5 devpts dev/pts
ln -s pts/ptmx dev/ptmx; ln -s /proc/self/fd dev/fd
mount -t tmpfs tmpfs dev/shm; mount -t tmpfs -o mode=755 tmpfs run; mount -t tmpfs -o mode=1777 tmpfs tmp
mount -t tmpfs tmpfs sys/fs/cgroup 2>/dev/null || :
mount -t cgroup2 cgroup2 sys/fs/cgroup
# Nothing of this machine's boot: a target of its own that wants the journal only.
cat >etc/systemd/system/inject-test.target <<UNIT
[Unit]
Requires=systemd-journald.service
After=systemd-journald.service
UNIT
mkdir old; pivot_root . old; umount -l /old; rmdir /old
mount --make-rshared / # in a container systemd does not, and LoadCredential= needs it
ip link set lo up 2>/dev/null || :
exec env -i container=lxc PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin TERM=dumb \
    /lib/systemd/systemd --system --unit=inject-test.target --log-target=console --log-level=notice --show-status=false
INIT
# First into the cgroup, then a namespace of which it is the root.
setsid bash -c 'echo $$ >"$0/cgroup.procs"; exec unshare --cgroup --pid --mount --net --ipc --uts --fork --kill-child bash "$@"' \
    "$cgroup" "$dir/init.sh" "$dir/root" "${install[@]}" >"$dir/log" 2>&1 </dev/null &
UNSHARE_PID=$!
for _ in $(seq 100); do
    [ -n "$INIT_PID" ] || INIT_PID=$(pgrep -P "$UNSHARE_PID" | head -n 1) || :
    [ -z "$INIT_PID" ] || state=$(nsenter -t "$INIT_PID" -m -p systemctl is-system-running 2>/dev/null) || :
    case ${state-} in running | degraded) break ;; esac
    sleep 0.1
done
case ${state-} in
running | degraded) ;;
*) echo "systemd.sh: systemd did not start:" >&2; tail -n 20 "$dir/log" >&2; exit 2 ;;
esac
export INIT_PID
"$@"
