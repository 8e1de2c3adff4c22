/* Part of scan.c: what is found in a stopped process, kept as a report until it is printed. */

enum { HITS = 1000, MAPS = 4096, FDS = 1024 };

struct hit {
    int needle, encoding, arena;
    unsigned long address, count;
    char kind[16], mapping[96];
};

struct report {
    int attempts, finished, argument_count;
    char where[16];
    struct hit hits[HITS];
    int hit_count, hits_dropped;
    unsigned long windows_outside, windows_in_arena, windows_in_program, bytes, mappings, unreadable;
    struct arena {
        int there, readable, lo, dd;
        unsigned long size;
        char kind[16], flags[128];
    } arenas[8];
    int arena_count;
    int threads, living, zombies;
    struct own_fd { int fd, cloexec; char target[96]; } fds[FDS];
    int fd_count;
};

static struct { int fd; char target[96]; } inherited[FDS];
static int inherited_count;

static void target_of(pid_t pid, int fd, char *out, size_t size)
{
    char path[64];
    snprintf(path, sizeof path, "/proc/%d/fd/%d", pid, fd);
    ssize_t n = readlink(path, out, size - 1);
    out[n > 0 ? n : 0] = 0;
}

static int cloexec_of(pid_t pid, int fd)
{
    char path[64], line[256];
    unsigned flags = 0;
    snprintf(path, sizeof path, "/proc/%d/fdinfo/%d", pid, fd);
    FILE *f = fopen(path, "re");
    while (f && fgets(line, sizeof line, f))
        sscanf(line, "flags: %o", &flags);
    if (f)
        fclose(f);
    return (flags & O_CLOEXEC) != 0;
}

/* Calls `each` for every number that names an entry of a folder under /proc. */
static void numbers_in(const char *path, void (*each)(void *, pid_t, int), void *context, pid_t pid)
{
    DIR *d = opendir(path);
    if (!d)
        die("cannot read /proc of the traced process");
    for (struct dirent *e; (e = readdir(d));)
        if (*e->d_name >= '0' && *e->d_name <= '9')
            each(context, pid, atoi(e->d_name));
    closedir(d);
}

static void remember_fd(void *unused, pid_t pid, int fd)
{
    (void)unused;
    if (inherited_count == FDS)
        die("too many descriptors");
    inherited[inherited_count].fd = fd;
    target_of(pid, fd, inherited[inherited_count].target, sizeof inherited[0].target);
    inherited_count++;
}

static void own_fd(void *context, pid_t pid, int fd)
{
    struct report *r = context;
    struct own_fd f = {fd, cloexec_of(pid, fd), ""};
    target_of(pid, fd, f.target, sizeof f.target);
    for (int i = 0; i < inherited_count; i++)
        if (inherited[i].fd == fd && !strcmp(inherited[i].target, f.target))
            return;
    if (r->fd_count < FDS)
        r->fds[r->fd_count++] = f;
}

static void one_thread(void *context, pid_t pid, int tid)
{
    struct report *r = context;
    char path[96], line[1024];
    r->threads++;
    snprintf(path, sizeof path, "/proc/%d/task/%d/children", pid, tid);
    FILE *f = fopen(path, "re");
    if (!f)
        die("this kernel does not list children in /proc");
    for (int child; fscanf(f, "%d", &child) == 1;) {
        snprintf(path, sizeof path, "/proc/%d/stat", child);
        FILE *s = fopen(path, "re");
        char *end = s && fgets(line, sizeof line, s) ? strrchr(line, ')') : NULL;
        end && (end[2] == 'Z' || end[2] == 'X') ? r->zombies++ : r->living++;
        if (s)
            fclose(s);
    }
    fclose(f);
}

struct mapping {
    unsigned long from, to, offset;
    int program; /* the file is one that code is run from */
    char perms[5], name[96], flags[128];
};

static const char *kind_of(const struct mapping *m)
{
    if (!strncmp(m->name, "/secretmem", 10))
        return "secretmem";
    if (!strncmp(m->name, "/memfd:", 7))
        return "memfd";
    if (!strcmp(m->name, "[heap]"))
        return "heap";
    if (!strncmp(m->name, "[stack", 6))
        return "stack";
    if (!strncmp(m->name, "/dev/zero", 9) || (!*m->name && m->perms[3] == 's'))
        return "shared";
    if (*m->name == '[')
        return strcmp(m->name, "[vvar]") && strncmp(m->name, "[vdso", 5) && strncmp(m->name, "[vv", 3) && strncmp(m->name, "[vsys", 5) ? "anonymous" : "kernel";
    if (*m->name)
        return m->perms[1] == 'w' ? "data" : "file";
    return "anonymous";
}

/* The arena is memory made for secrets: memfd_secret, or shared, anonymous and kept out of dumps. */
static int is_arena(const struct mapping *m)
{
    return !strcmp(kind_of(m), "secretmem") || (!strcmp(kind_of(m), "shared") && strstr(m->flags, "dd"));
}

static void found(struct report *r, const struct mapping *m, const struct slot *s, unsigned long address, int arena)
{
    *(arena ? &r->windows_in_arena : &r->windows_outside) += 1;
    for (int i = r->hit_count - 1; i >= 0; i--) {
        struct hit *h = &r->hits[i];
        if (h->needle == s->needle - 1 && h->encoding == s->encoding && !strcmp(h->mapping, m->name) && h->arena == arena) {
            h->count++;
            return;
        }
    }
    if (r->hit_count == HITS) {
        r->hits_dropped++;
        return;
    }
    struct hit *h = &r->hits[r->hit_count++];
    *h = (struct hit){s->needle - 1, s->encoding, arena, address, 1, "", ""};
    snprintf(h->kind, sizeof h->kind, "%s", kind_of(m));
    snprintf(h->mapping, sizeof h->mapping, "%s", m->name);
}

/* Eight hex digits are but four bytes: "41424344" is both "ABCD" and a piece of the table of two-digit
 * numbers that every Rust program holds. What the program's own file has at this place is not from us. */
static int in_program(pid_t pid, const struct mapping *m, uint64_t w, unsigned long address)
{
    char path[160];
    uint8_t there[WINDOW];
    if (!m->program)
        return 0;
    snprintf(path, sizeof path, "/proc/%d/root%s", pid, m->name);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    int same = fd >= 0 && pread(fd, there, WINDOW, m->offset + (address - m->from)) == WINDOW && window_at(there) == w;
    if (fd >= 0)
        close(fd);
    return same;
}

/* Reads past what the mapping's own permissions allow, as a tracer may. False: nothing of it could be read. */
static int search(pid_t pid, struct report *r, int memory, const struct mapping *m, int arena)
{
    enum { CHUNK = 1 << 20, PAGE = 4096 };
    static uint8_t buffer[WINDOW + CHUNK];
    size_t kept = 0, any = 0;
    for (unsigned long at = m->from; at < m->to;) {
        size_t want = m->to - at < CHUNK ? m->to - at : CHUNK;
        ssize_t n = pread(memory, buffer + kept, want, at);
        if (n <= 0) { /* a hole: step over one page of it, windows do not span it */
            if (!any && strcmp(kind_of(m), "secretmem") == 0)
                return 0;
            at += PAGE;
            kept = 0;
            continue;
        }
        any = 1;
        r->bytes += n;
        size_t length = kept + n;
        for (size_t i = 0; i + WINDOW <= length; i++) {
            uint64_t w = window_at(buffer + i);
            const struct slot *s = w ? lookup(w) : NULL;
            if (s && in_program(pid, m, w, at - kept + i))
                r->windows_in_program++;
            else if (s)
                found(r, m, s, at - kept + i, arena);
        }
        size_t keep = length < WINDOW - 1 ? length : WINDOW - 1;
        memmove(buffer, buffer + length - keep, keep);
        kept = keep;
        at += n;
    }
    return any;
}

static int read_maps(pid_t pid, struct mapping *maps)
{
    char path[64], line[4608];
    int count = 0;
    snprintf(path, sizeof path, "/proc/%d/smaps", pid);
    FILE *f = fopen(path, "re");
    if (!f)
        die("cannot read the mappings of the traced process");
    while (fgets(line, sizeof line, f)) {
        struct mapping m = {0};
        int at = 0;
        if (sscanf(line, "%lx-%lx %4s %lx %*s %*u %n", &m.from, &m.to, m.perms, &m.offset, &at) == 4 && at) {
            snprintf(m.name, sizeof m.name, "%.*s", (int)strcspn(line + at, "\n"), line + at);
            if (count == MAPS)
                die("too many mappings");
            maps[count++] = m;
        } else if (count && !strncmp(line, "VmFlags:", 8)) {
            snprintf(maps[count - 1].flags, sizeof m.flags, "%.*s", (int)strcspn(line + 9, "\n"), line + 9);
        }
    }
    fclose(f);
    for (int i = 0; i < count; i++)
        for (int j = 0; j < count && *maps[i].name == '/'; j++)
            maps[i].program |= maps[j].perms[2] == 'x' && !strcmp(maps[i].name, maps[j].name);
    return count;
}

static void scan_process(pid_t pid, struct report *r)
{
    static struct mapping maps[MAPS];
    char path[64];
    snprintf(path, sizeof path, "/proc/%d/mem", pid);
    int memory = open(path, O_RDONLY | O_CLOEXEC);
    if (memory < 0)
        die("cannot open the memory of the traced process");
    int count = read_maps(pid, maps);
    for (int i = 0; i < count; i++) {
        struct mapping *m = &maps[i];
        if (!strcmp(kind_of(m), "kernel"))
            continue;
        if (m->perms[0] != 'r' && m->to - m->from > 256UL << 20)
            continue; /* address space that was only reserved */
        int arena = is_arena(m), readable = search(pid, r, memory, m, arena);
        r->mappings++;
        r->unreadable += !readable;
        if (!arena || r->arena_count == 8)
            continue;
        struct arena *a = &r->arenas[r->arena_count++];
        *a = (struct arena){1, readable, strstr(m->flags, "lo") != NULL, strstr(m->flags, "dd") != NULL, m->to - m->from, "", ""};
        snprintf(a->kind, sizeof a->kind, "%s", kind_of(m));
        snprintf(a->flags, sizeof a->flags, "%s", m->flags);
    }
    close(memory);
    snprintf(path, sizeof path, "/proc/%d/task", pid);
    numbers_in(path, one_thread, r, pid);
    snprintf(path, sizeof path, "/proc/%d/fd", pid);
    numbers_in(path, own_fd, r, pid);
}
