/* Part of state.c: the states. Each `enter` gets the number of its row. */

static void plain(long unused) { (void)unused; }

/* Bits 0 to 2: which of the standard descriptors are closed. */
static void closed(long set)
{
    for (int fd = 0; fd < 3; fd++)
        if (set >> fd & 1)
            close(fd);
}

static void ignored(long s) { signal(s, SIG_IGN); }

static void blocked(long s)
{
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, s);
    MUST(sigprocmask(SIG_BLOCK, &set, NULL));
}

static void pending(long s)
{
    blocked(s);
    MUST(kill(getpid(), s));
}

static void every_blocked(long unused)
{
    (void)unused;
    unsigned long all = ~0UL; /* past glibc, which leaves 32 and 33 out */
    MUST(syscall(SYS_rt_sigprocmask, SIG_SETMASK, &all, NULL, 8));
}

static void every_ignored(long unused)
{
    (void)unused;
    for (int s = 1; s < 32; s++)
        signal(s, SIG_IGN);
}

/* A child that has ended and that nobody has waited for. */
static void zombie(long unused)
{
    (void)unused;
    pid_t pid = fork();
    if (pid == 0)
        _exit(7);
    siginfo_t s;
    MUST(pid);
    MUST(waitid(P_PID, pid, &s, WEXITED | WNOWAIT));
}

/* A child that lives on. It holds no pipe of the test open, and ends with its parent or by itself. */
static void living(long unused)
{
    (void)unused;
    pid_t parent = getpid(), pid = fork();
    MUST(pid);
    if (pid)
        return;
    for (int fd = 0; fd < 64; fd++)
        close(fd);
    signal(SIGALRM, SIG_DFL);
    alarm(60);
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    while (getppid() == parent)
        usleep(50000);
    _exit(0);
}

static void nohup(long unused)
{
    (void)unused;
    ignored(SIGHUP);
    close(0);
    MUST(open("/dev/null", O_WRONLY)); /* as nohup does: reading it fails */
}

static void child_then_pending(long unused)
{
    blocked(SIGCHLD);
    zombie(unused);
}

static void child_ignored(long unused)
{
    ignored(SIGCHLD);
    living(unused);
}

static void session(long unused)
{
    (void)unused;
    if (setsid() < 0) { /* already a leader of a group: a child is not, and its status is passed on */
        pid_t pid = fork();
        MUST(pid);
        if (pid) {
            int status;
            waitpid(pid, &status, 0);
            _exit(WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status));
        }
        MUST(setsid());
    }
}

static void group(long unused)
{
    (void)unused;
    MUST(setpgid(0, 0));
}

/* A terminal of its own, and not in its foreground: what a background job has. */
static void background(long unused)
{
    session(unused);
    int master = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
    MUST(master);
    MUST(grantpt(master));
    MUST(unlockpt(master));
    int keep = fcntl(master, F_DUPFD, 20); /* inherited: closing it would hang the terminal up */
    MUST(keep);
    int slave = open(ptsname(master), O_RDWR);
    MUST(slave);
    MUST(ioctl(slave, TIOCSCTTY, 0));
    close(slave);
    /* A group of its own under a leader that keeps the foreground. */
    pid_t pid = fork();
    MUST(pid);
    if (pid) {
        int status;
        waitpid(pid, &status, 0);
        _exit(WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status));
    }
    MUST(setpgid(0, 0));
}

/* kind << 32 | value: soft and hard. */
static void limit(long both)
{
    struct rlimit l = {both & 0xffffffff, both & 0xffffffff};
    MUST(setrlimit(both >> 32, &l));
}
#define LIMIT(kind, value) limit, (long)(kind) << 32 | (value)

static void soft_core(long value)
{
    struct rlimit l;
    MUST(getrlimit(RLIMIT_CORE, &l));
    l.rlim_cur = value;
    MUST(setrlimit(RLIMIT_CORE, &l));
}

static void mask(long m) { umask(m); }

static void deleted_folder(long unused)
{
    (void)unused;
    char path[64]; /* named after the test process, so that two runs of one test see the same name */
    snprintf(path, sizeof path, "/tmp/inject-state-%d", getppid());
    MUST(mkdir(path, 0700));
    MUST(chdir(path));
    MUST(rmdir(path));
}

/* Environments that no shell would make; `0`: duplicates, `1`: not UTF-8, `2`: without `=`, `3`: many. */
static void strange_environment(long which)
{
    static char *sets[3][7] = {
        {"DUP=first", "A=inherited", "DUP=second", "DUP=first", "A=again", NULL},
        {"BYTES=\xff\xfe\x80", "\xc3\x28=name", "LATIN=caf\xe9", NULL},
        {"NO_EQUALS", "=leading", "", "KEPT=yes", "=", "NO_EQUALS", NULL},
    };
    if (which < 3) {
        environ = sets[which];
        return;
    }
    char **many = calloc(10001, sizeof *many);
    for (int i = 0; i < 10000; i++)
        if (asprintf(&many[i], "MANY_%d=%d", i, i * 7) < 0)
            fail("asprintf");
    environ = many;
}

/* 3 to 9 as socket activation and make leave them: a listening socket, a pipe, a locked file, an epoll. */
static void descriptors(long unused)
{
    (void)unused;
    for (int fd = 3; fd < 10; fd++)
        close(fd);
    int file, set, pipes[2], pair[2], listening;
    MUST(listening = socket(AF_UNIX, SOCK_STREAM, 0)); /* 3 */
    MUST(listen(listening, 1) < 0 && errno != EINVAL ? -1 : 0);
    MUST(pipe(pipes));                                 /* 4 5 */
    MUST(write(pipes[1], "token", 5));
    MUST(file = open("/tmp", O_TMPFILE | O_RDWR, 0600)); /* 6 */
    MUST(write(file, "0123456789", 10));
    MUST(lseek(file, 4, SEEK_SET));
    MUST(flock(file, LOCK_EX));
    MUST(set = epoll_create1(0)); /* 7 */
    struct epoll_event e = {.events = EPOLLIN};
    MUST(epoll_ctl(set, EPOLL_CTL_ADD, pipes[0], &e));
    MUST(socketpair(AF_UNIX, SOCK_STREAM, 0, pair)); /* 8 9 */
    MUST(fcntl(pair[1], F_SETFL, O_NONBLOCK));
}

static void high_descriptor(long fd) { MUST(dup2(open("/dev/zero", O_RDONLY), fd)); }
static void append_output(long unused)
{
    (void)unused;
    int fd = open("/dev/null", O_WRONLY | O_APPEND | O_NONBLOCK);
    MUST(fd);
    MUST(dup2(fd, 2));
    close(fd);
}

static void timer_slack(long ns) { MUST(prctl(PR_SET_TIMERSLACK, ns)); }

static void own_file(const char *path, const char *text)
{
    int fd = open(path, O_WRONLY | O_CLOEXEC);
    MUST(fd);
    MUST(write(fd, text, strlen(text)));
    close(fd);
}

static void oom(long n) { (void)n; own_file("/proc/self/oom_score_adj", "444"); }
static void core_filter(long n) { (void)n; own_file("/proc/self/coredump_filter", "0x7f"); }
static void niceness(long n) { MUST(setpriority(PRIO_PROCESS, 0, n)); }
static void subreaper(long n) { MUST(prctl(PR_SET_CHILD_SUBREAPER, n)); }
static void death_signal(long s) { MUST(prctl(PR_SET_PDEATHSIG, s)); }
static void keep_caps_locked(long bits) { MUST(prctl(PR_SET_SECUREBITS, bits)); }
static void no_new_privs(long n) { MUST(prctl(PR_SET_NO_NEW_PRIVS, n, 0, 0, 0)); }
static void no_huge_pages(long n) { MUST(prctl(PR_SET_THP_DISABLE, n, 0, 0, 0)); }
static void no_randomizing(long n) { MUST(personality(n)); }

static void scheduler(long policy)
{
    struct sched_param p = {0};
    MUST(sched_setscheduler(0, policy, &p));
}

static void one_cpu(long cpu)
{
    cpu_set_t set;
    CPU_ZERO(&set);
    CPU_SET(cpu, &set);
    MUST(sched_setaffinity(0, sizeof set, &set));
}

static void io_priority(long level) { MUST(syscall(SYS_ioprio_set, 1, 0, 3 << 13 | level)); }

static void timer(long which)
{
    struct itimerval t = {{5000, 0}, {4000, 0}};
    MUST(setitimer(which, &t, NULL));
}

/* First process of a pid namespace that has no /proc; this one stays outside and passes the status on. */
static void first_process(long unused)
{
    (void)unused;
    MUST(unshare(CLONE_NEWNS | CLONE_NEWPID));
    pid_t pid = fork();
    MUST(pid);
    if (pid) {
        int status;
        waitpid(pid, &status, 0);
        _exit(WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status));
    }
    MUST(mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL));
    MUST(mount("none", "/proc", "tmpfs", 0, NULL));
}

static void without_proc(long unused)
{
    (void)unused;
    MUST(unshare(CLONE_NEWNS));
    MUST(mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL));
    MUST(mount("none", "/proc", "tmpfs", 0, NULL));
}

static void ordinary(long uid)
{
    MUST(setgroups(0, NULL));
    MUST(setresgid(uid, uid, uid));
    MUST(setresuid(uid, uid, uid));
}

#define REFUSE(number, error) \
    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (number), 0, 1), BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | (error))

static void install(struct sock_filter *code, unsigned short length)
{
    struct sock_fprog program = {length, code};
    if (syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &program) < 0) {
        MUST(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)); /* what an ordinary user must give up for a filter */
        MUST(syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &program));
    }
}

/* 0: a kernel without memfd_secret, so that the fallback is taken. 1: locking is refused as well. */
static void no_secret_memory(long and_no_lock)
{
    struct sock_filter code[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
        REFUSE(SYS_memfd_secret, ENOSYS),
        BPF_JUMP(BPF_JMP | BPF_JA, and_no_lock ? 0 : 6, 0, 0),
        REFUSE(SYS_mlock2, EPERM),
        REFUSE(SYS_mlock, EPERM),
        REFUSE(SYS_mlockall, EPERM),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
    install(code, sizeof code / sizeof *code);
}

/* A launcher that cannot close itself must not go on: no state in which it could be transparent. */
static void no_prctl(long unused)
{
    (void)unused;
    struct sock_filter code[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
        REFUSE(SYS_prctl, EPERM),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
    install(code, sizeof code / sizeof *code);
}

static const struct {
    const char *name;
    void (*enter)(long);
    long argument;
} states[] = {
    {"plain", plain, 0},
    {"closed-0", closed, 1},
    {"closed-1", closed, 2},
    {"closed-01", closed, 3},
    {"closed-2", closed, 4},
    {"closed-02", closed, 5},
    {"closed-12", closed, 6},
    {"closed-012", closed, 7},
    {"ignored-pipe", ignored, SIGPIPE},
    {"ignored-chld", ignored, SIGCHLD},
    {"ignored-int", ignored, SIGINT},
    {"ignored-hup", ignored, SIGHUP},
    {"ignored-32", every_ignored, 0},
    {"blocked-pipe", blocked, SIGPIPE},
    {"blocked-chld", blocked, SIGCHLD},
    {"blocked-int", blocked, SIGINT},
    {"blocked-hup", blocked, SIGHUP},
    {"blocked-all", every_blocked, 0},
    {"pending-chld", child_then_pending, 0},
    {"pending-term", pending, SIGTERM},
    {"pending-usr1", pending, SIGUSR1},
    {"zombie", zombie, 0},
    {"living-child", living, 0},
    {"ignored-chld-living", child_ignored, 0},
    {"nohup", nohup, 0},
    {"setsid", session, 0},
    {"new-group", group, 0},
    {"background", background, 0},
    {"nofile-8", LIMIT(RLIMIT_NOFILE, 8)},
    {"nproc-4096", LIMIT(RLIMIT_NPROC, 4096)},
    {"stack-1m", LIMIT(RLIMIT_STACK, 1 << 20)},
    {"fsize-0", LIMIT(RLIMIT_FSIZE, 0)},
    {"memlock-0", LIMIT(RLIMIT_MEMLOCK, 0)},
    {"as-64m", LIMIT(RLIMIT_AS, 64 << 20)},
    {"core-12345", soft_core, 12345},
    {"core-unlimited", soft_core, -1},
    {"umask-077", mask, 077},
    {"umask-0", mask, 0},
    {"deleted-cwd", deleted_folder, 0},
    {"env-duplicates", strange_environment, 0},
    {"env-bytes", strange_environment, 1},
    {"env-no-equals", strange_environment, 2},
    {"env-many", strange_environment, 3},
    {"fds-3-9", descriptors, 0},
    {"fd-1000", high_descriptor, 1000},
    {"stderr-append-nonblock", append_output, 0},
    {"timerslack", timer_slack, 123456},
    {"oom", oom, 0},
    {"coredump-filter", core_filter, 0},
    {"nice", niceness, 7},
    {"batch", scheduler, SCHED_BATCH},
    {"one-cpu", one_cpu, 0},
    {"ioprio", io_priority, 0},
    {"subreaper", subreaper, 1},
    {"pdeathsig", death_signal, SIGUSR2},
    {"securebits", keep_caps_locked, 1 << 2 /* SECBIT_NO_SETUID_FIXUP */},
    {"no-new-privs", no_new_privs, 1},
    {"no-huge-pages", no_huge_pages, 1},
    {"alarm", timer, ITIMER_REAL},
    {"itimer-prof", timer, ITIMER_PROF},
    {"no-aslr", no_randomizing, ADDR_NO_RANDOMIZE},
    {"pid-1", first_process, 0},
    {"no-proc", without_proc, 0},
    {"uid-65534", ordinary, 65534},
    {"no-secret-memory", no_secret_memory, 0},
    {"no-locked-memory", no_secret_memory, 1},
    {".no-prctl", no_prctl, 0}, /* a dot: not in the list */
};
