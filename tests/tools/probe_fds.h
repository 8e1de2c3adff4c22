/* Part of probe.c: open descriptors, as they were before the probe opened anything. */

enum { LOOK = 4096, KEPT = 512 };

static struct kept {
    int fd, flags, bits;
    struct stat st;
    long offset;
    int group; /* the lowest descriptor on the same inode: pipe inodes differ between two runs */
} kept[KEPT];
static int kept_count;

static const char *kind_of(mode_t mode)
{
    switch (mode & S_IFMT) {
    case S_IFREG: return "file";
    case S_IFDIR: return "dir";
    case S_IFCHR: return "char";
    case S_IFBLK: return "block";
    case S_IFIFO: return "pipe";
    case S_IFSOCK: return "socket";
    default: return "anon";
    }
}

/* Which descriptors share one open file description: a launcher that reopened a file by name would
 * have the inode right and this wrong. */
static int same_open_file(int a, int b)
{
#ifdef SYS_kcmp
    pid_t me = getpid();
    long r = syscall(SYS_kcmp, me, me, 0 /* KCMP_FILE */, (long)a, (long)b);
    return r == 0;
#else
    (void)a, (void)b;
    return 0;
#endif
}

void probe_descriptors(void)
{
    for (int fd = 0; fd < LOOK && kept_count < KEPT; fd++) {
        int bits = fcntl(fd, F_GETFD);
        if (bits < 0)
            continue;
        struct kept *k = &kept[kept_count++];
        k->fd = fd;
        k->bits = bits;
        k->flags = fcntl(fd, F_GETFL);
        fstat(fd, &k->st);
        k->offset = lseek(fd, 0, SEEK_CUR);
        k->group = fd;
        for (int i = 0; i < kept_count - 1; i++)
            if (kept[i].st.st_ino == k->st.st_ino && kept[i].st.st_dev == k->st.st_dev) {
                k->group = kept[i].group;
                break;
            }
    }
    for (int i = 0; i < kept_count; i++) {
        struct kept *k = &kept[i];
        /* A file without a name is another one in each run, as a pipe is. */
        int named = (S_ISREG(k->st.st_mode) && k->st.st_nlink) || S_ISDIR(k->st.st_mode) || S_ISCHR(k->st.st_mode);
        int twin = k->fd;
        for (int j = 0; j < i && twin == k->fd; j++)
            if (same_open_file(kept[j].fd, k->fd))
                twin = kept[j].fd;
        char where[64];
        if (named)
            snprintf(where, sizeof where, "%lx:%lu", (long)k->st.st_dev, (long)k->st.st_ino);
        else
            snprintf(where, sizeof where, "as-%d", k->group);
        put("fd.%04d=%s inode=%s rdev=%u:%u flags=%o cloexec=%d offset=%ld open-file=%d", k->fd,
            kind_of(k->st.st_mode), where, major(k->st.st_rdev), minor(k->st.st_rdev), k->flags,
            k->bits & FD_CLOEXEC, S_ISREG(k->st.st_mode) ? k->offset : -1, twin);
        if (S_ISSOCK(k->st.st_mode)) {
            int type = 0, on = 0;
            socklen_t size = sizeof type;
            getsockopt(k->fd, SOL_SOCKET, SO_TYPE, &type, &size);
            size = sizeof on;
            getsockopt(k->fd, SOL_SOCKET, SO_ACCEPTCONN, &on, &size);
            put("fdsocket.%04d=type=%d listening=%d", k->fd, type, on);
        }
        struct termios t;
        if (S_ISCHR(k->st.st_mode) && syscall(SYS_ioctl, k->fd, 0x5401 /* TCGETS */, &t) == 0)
            put("fdterm.%04d=%x %x %x %x", k->fd, t.c_iflag, t.c_oflag, t.c_cflag, t.c_lflag);
    }
    put("fds=%d", kept_count);
}

/* Locks and epoll interest, which only fdinfo tells; pids in a lock line are of the locker. */
void probe_descriptor_notes(void)
{
    if (!have_proc) {
        put("fdnote=n/a");
        return;
    }
    put("fdnote=read");
    for (int i = 0; i < kept_count; i++) {
        char path[64], text[4096];
        snprintf(path, sizeof path, "/proc/self/fdinfo/%d", kept[i].fd);
        int fd = open(path, O_RDONLY | O_CLOEXEC);
        if (fd < 0)
            continue;
        ssize_t n = read(fd, text, sizeof text - 1);
        close(fd);
        if (n <= 0)
            continue;
        text[n] = 0;
        int locks = 0, watched = 0;
        char *save = NULL;
        for (char *l = strtok_r(text, "\n", &save); l; l = strtok_r(NULL, "\n", &save)) {
            locks += !strncmp(l, "lock:", 5);
            watched += !strncmp(l, "tfd:", 4);
        }
        put("fdnote.%04d=locks=%d epoll-watches=%d", kept[i].fd, locks, watched);
    }
}
