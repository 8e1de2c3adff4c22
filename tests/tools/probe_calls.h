/* Part of probe.c: what system calls tell, so that it is there without /proc too. */

struct raw_action { /* the kernel's, not glibc's */
    void *handler;
    unsigned long flags;
    void *restorer;
    uint64_t mask;
};

void probe_signals(void)
{
    for (int s = 1; s <= 64; s++) {
        struct raw_action a = {0};
        long r = syscall(SYS_rt_sigaction, s, NULL, &a, 8);
        put("signal.%02d=%s", s, r ? "n/a" : a.handler == SIG_DFL ? "default" : a.handler == SIG_IGN ? "ignored" : "caught");
    }
    uint64_t blocked = 0, pending = 0;
    syscall(SYS_rt_sigprocmask, SIG_BLOCK, NULL, &blocked, 8);
    syscall(SYS_rt_sigpending, &pending, 8);
    put("blocked=%016lx", (long)blocked);
    put("pending=%016lx", (long)pending);
    stack_t alt = {0};
    sigaltstack(NULL, &alt);
    put("sigaltstack=%s", alt.ss_flags & SS_DISABLE ? "none" : "set");
}

static void probe_limits(void)
{
    static const char *const names[] = {"cpu", "fsize", "data", "stack", "core", "rss", "nproc", "nofile",
        "memlock", "as", "locks", "sigpending", "msgqueue", "nice", "rtprio", "rttime"};
    for (int i = 0; i < 16; i++) {
        struct { uint64_t soft, hard; } l = {0, 0};
        syscall(SYS_prlimit64, 0, i, NULL, &l);
        put("rlimit.%s=%ld/%ld", names[i], (long)l.soft, (long)l.hard);
    }
}

/* A number that is this process or its parent says so, as two runs never share it. */
static void put_pid(const char *key, long pid)
{
    if (pid == getpid())
        put("%s=self", key);
    else if (pid && pid == getppid())
        put("%s=parent", key);
    else
        put("%s=%ld", key, pid);
}

static void probe_identity(void)
{
    put("pid=%d", getpid());
    put("ppid=%d", getppid());
    put_pid("pgid", getpgrp());
    put_pid("sid", getsid(0));
    put("thread-leader=%d", (int)syscall(SYS_gettid) == getpid());
    uid_t r, e, s;
    getresuid(&r, &e, &s);
    put("uids=%u %u %u", r, e, s);
    gid_t gr, ge, gs;
    getresgid(&gr, &ge, &gs);
    put("gids=%u %u %u", gr, ge, gs);
    gid_t groups[1024];
    int n = getgroups(1024, groups);
    char text[8192] = "";
    for (int i = 0, at = 0; i < n; i++)
        at += snprintf(text + at, sizeof text - at, " %u", groups[i]);
    put("groups=%d%s", n, text);
    uint32_t head[2] = {0x20080522, 0}, caps[6] = {0};
    syscall(SYS_capget, head, caps);
    put("caps=%08x%08x effective %08x%08x permitted %08x%08x inheritable", caps[3], caps[0], caps[4], caps[1], caps[5], caps[2]);
    uint64_t bounding = 0, ambient = 0;
    for (int c = 0; c < 64; c++) {
        bounding |= (uint64_t)(prctl(PR_CAPBSET_READ, c, 0, 0, 0) == 1) << c;
        ambient |= (uint64_t)(prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_IS_SET, c, 0, 0) == 1) << c;
    }
    put("caps-bounding=%lx", (long)bounding);
    put("caps-ambient=%lx", (long)ambient);
    put("at-secure=%lu", getauxval(AT_SECURE));
    put("keyring-session=%ld", syscall(SYS_keyctl, 0 /* GET_KEYRING_ID */, -3L /* session */, 0L));
}

static void probe_flags(void)
{
    int v = 0;
    put("dumpable=%d", prctl(PR_GET_DUMPABLE));
    put("no-new-privs=%d", prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0));
    put("keep-caps=%d", prctl(PR_GET_KEEPCAPS));
    put("timerslack=%d", prctl(PR_GET_TIMERSLACK));
    put("securebits=%x", prctl(PR_GET_SECUREBITS));
    put("thp-disable=%d", prctl(PR_GET_THP_DISABLE, 0, 0, 0, 0));
    put("mce-kill=%d", prctl(PR_MCE_KILL_GET, 0, 0, 0, 0));
    put("mdwe=%d", prctl(66 /* PR_GET_MDWE */, 0, 0, 0, 0));
    put("io-flusher=%d", prctl(58 /* PR_GET_IO_FLUSHER */, 0, 0, 0, 0));
    put("speculation.store=%d", prctl(52 /* PR_GET_SPECULATION_CTRL */, 0, 0, 0, 0));
    put("speculation.indirect=%d", prctl(52, 1, 0, 0, 0));
    prctl(PR_GET_CHILD_SUBREAPER, &v);
    put("subreaper=%d", v);
    v = 0;
    prctl(PR_GET_PDEATHSIG, &v);
    put("pdeathsig=%d", v);
    v = 0;
    prctl(PR_GET_TSC, &v);
    put("tsc=%d", v);
    put("personality=%lx", (long)syscall(SYS_personality, 0xffffffffUL));
}

static void probe_scheduling(void)
{
    put("nice=%d", 20 - (int)syscall(SYS_getpriority, PRIO_PROCESS, 0));
    struct sched_param p = {0};
    sched_getparam(0, &p);
    put("scheduler=%d priority=%d", sched_getscheduler(0), p.sched_priority);
    unsigned long cpus[16] = {0};
    syscall(SYS_sched_getaffinity, 0, sizeof cpus, cpus);
    put("affinity=%lx:%lx", cpus[0], cpus[1]);
    put("ioprio=%ld", syscall(SYS_ioprio_get, 1, 0));
    int mode = -1;
    put("mempolicy=%ld", syscall(SYS_get_mempolicy, &mode, NULL, 0, NULL, 0) == 0 ? (long)mode : -1L);
    static const char *const timers[] = {"real", "virtual", "prof"};
    for (int i = 0; i < 3; i++) {
        struct itimerval t = {0};
        getitimer(i, &t);
        put("itimer.%s=%s interval=%ld.%06ld", timers[i], t.it_value.tv_sec || t.it_value.tv_usec ? "armed" : "off",
            (long)t.it_interval.tv_sec, (long)t.it_interval.tv_usec);
    }
}

static void probe_children(void)
{
    siginfo_t s = {0};
    int r = waitid(P_ALL, 0, &s, WEXITED | WNOHANG | WNOWAIT | __WALL);
    put("children.wait=%s", r < 0 ? (errno == ECHILD ? "none" : "error") : s.si_pid ? "zombie" : "living");
}

void probe_calls(void)
{
    probe_identity();
    probe_flags();
    probe_limits();
    probe_scheduling();
    probe_children();
    char text[4096];
    long n = syscall(SYS_getcwd, text, sizeof text);
    put("cwd=%s", n > 0 ? text : strerror(errno));
    struct stat st = {0};
    int failed = stat(".", &st);
    if (st.st_nlink)
        put("cwd.inode=%d %lx:%lu", failed, (long)st.st_dev, (long)st.st_ino);
    else
        put("cwd.inode=%d deleted", failed);
    failed = stat("/", &st);
    put("root.inode=%d %lx:%lu", failed, (long)st.st_dev, (long)st.st_ino);
    mode_t mask = umask(0); /* the one call that must write to read; nothing is created in between */
    umask(mask);
    put("umask=%04o", mask);
    int tty = open("/dev/tty", O_RDWR | O_NOCTTY | O_CLOEXEC);
    put("ctty=%s", tty >= 0 ? "yes" : "no");
    if (tty >= 0) {
        put_pid("ctty.foreground", tcgetpgrp(tty));
        close(tty);
    }
}
