/* Part of probe.c: what only /proc tells. */

static const char *slurp(const char *path, char *text, size_t size)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return NULL;
    size_t at = 0;
    for (ssize_t n; at < size - 1 && (n = read(fd, text + at, size - 1 - at)) > 0;)
        at += n;
    close(fd);
    text[at] = 0;
    while (at && text[at - 1] == '\n')
        text[--at] = 0;
    return text;
}

static void put_file(const char *key, const char *path)
{
    char text[4096];
    const char *t = have_proc ? slurp(path, text, sizeof text) : NULL;
    if (t)
        for (char *c = text; *c; c++)
            if (*c == '\n')
                *c = '|';
    put("%s=%s", key, t ? t : "n/a");
}

static void put_link(const char *key, const char *path)
{
    char text[4096];
    ssize_t n = have_proc ? readlink(path, text, sizeof text - 1) : -1;
    text[n > 0 ? n : 0] = 0;
    put("%s=%s", key, n > 0 ? text : "n/a");
}

/* Lines of /proc/self/status, each under its own key. */
static void put_status(void)
{
    static const char *const wanted[] = {"Umask", "SigQ", "SigPnd", "ShdPnd", "SigBlk", "SigIgn", "SigCgt", "Threads",
        "Seccomp", "Seccomp_filters", "VmLck", "VmPin", "TracerPid", "NStgid", "CoreDumping", "Mems_allowed_list"};
    char text[16384];
    const char *t = have_proc ? slurp("/proc/self/status", text, sizeof text) : NULL;
    for (size_t i = 0; i < sizeof wanted / sizeof *wanted; i++) {
        char value[256] = "n/a";
        if (t) {
            char head[64];
            snprintf(head, sizeof head, "\n%s:", wanted[i]);
            const char *at = strstr(t, head);
            if (at) {
                at += strlen(head);
                at += strspn(at, " \t");
                snprintf(value, sizeof value, "%.*s", (int)strcspn(at, "\n"), at);
            }
        }
        if (!strcmp(wanted[i], "NStgid")) { /* depth of pid namespaces; the numbers are ours alone */
            int depth = 1;
            for (const char *c = value; *c; c++)
                depth += *c == '\t';
            snprintf(value, sizeof value, "depth %d", depth);
        }
        if (!strcmp(wanted[i], "SigQ")) /* what is queued for the whole user changes under us: the limit only */
            memmove(value, strchr(value, '/') ? strchr(value, '/') : value, strlen(strchr(value, '/') ? strchr(value, '/') : value) + 1);
        put("status.%s=%s", wanted[i], value);
    }
}

static void put_stat(void)
{
    char text[4096];
    const char *t = have_proc ? slurp("/proc/self/stat", text, sizeof text) : NULL;
    const char *at = t ? strrchr(t, ')') : NULL;
    long tty = 0, tpgid = 0;
    if (!at || sscanf(at + 2, "%*c %*d %*d %*d %ld %ld", &tty, &tpgid) != 2) {
        put("tty-number=n/a");
        put("tpgid=n/a");
        return;
    }
    put("tty-number=major %ld", tty >> 8 & 0xfff); /* the minor is whichever pseudo-terminal was free */
    if (tpgid == getpgrp())
        put("tpgid=own-group");
    else
        put_pid("tpgid", tpgid);
}

/* Number and state of the children; their pids differ between two runs. */
static void put_children(void)
{
    char path[64], text[65536];
    snprintf(path, sizeof path, "/proc/self/task/%d/children", getpid());
    const char *t = have_proc ? slurp(path, text, sizeof text) : NULL;
    if (!t) {
        put("children.list=n/a");
        return;
    }
    int living = 0, dead = 0;
    char *save = NULL;
    for (char *p = strtok_r(text, " ", &save); p; p = strtok_r(NULL, " ", &save)) {
        char one[64], line[1024];
        snprintf(one, sizeof one, "/proc/%s/stat", p);
        const char *s = slurp(one, line, sizeof line);
        const char *end = s ? strrchr(s, ')') : NULL;
        end && end[2] != 'Z' ? living++ : dead++;
    }
    put("children.list=%d living, %d dead", living, dead);
}

/* Its number is new with every session; its niceness is inherited. */
static void put_autogroup(void)
{
    char text[256];
    const char *t = have_proc ? slurp("/proc/self/autogroup", text, sizeof text) : NULL;
    const char *nice = t ? strchr(t, ' ') : NULL;
    put("autogroup=%s", nice ? nice + 1 : "n/a");
}

void probe_proc(void)
{
    put("proc=%d", have_proc);
    put_status();
    put_stat();
    put_children();
    put_file("coredump-filter", "/proc/self/coredump_filter");
    put_file("oom-score-adj", "/proc/self/oom_score_adj");
    put_autogroup();
    put_file("loginuid", "/proc/self/loginuid");
    put_file("cgroup", "/proc/self/cgroup");
    put_file("comm", "/proc/self/comm");
    put_file("uid-map", "/proc/self/uid_map");
    put_link("exe", "/proc/self/exe");
    put_link("cwd.link", "/proc/self/cwd");
    put_link("root.link", "/proc/self/root");
    static const char *const spaces[] = {"mnt", "net", "pid", "user", "uts", "ipc", "cgroup", "time"};
    for (size_t i = 0; i < sizeof spaces / sizeof *spaces; i++) {
        char key[32], path[64];
        snprintf(key, sizeof key, "namespace.%s", spaces[i]);
        snprintf(path, sizeof path, "/proc/self/ns/%s", spaces[i]);
        put_link(key, path);
    }
}
