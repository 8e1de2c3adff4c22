/* probe: prints what a process has inherited, one sorted `key=value` line an attribute.
 *
 *   probe [--out FILE] [ANYTHING...]
 *
 * Everything is read before anything is changed: the descriptors first, as reading /proc needs one
 * of its own, which would land on a closed 0, 1 or 2. What needs /proc says "n/a" where there is none.
 * Raw system calls for signals, because glibc hides 32 and 33. Values that differ between any two
 * processes (pids, pipe inodes) are printed relative to this process, so that two runs compare;
 * `pid` alone is a bare number, and `environ.*` is what the test treats apart. */
#include "probe.h"

static char pool[16 << 20];
static size_t used;
static char *lines[200000];
static size_t count;
int have_proc;

void put(const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    int n = vsnprintf(pool + used, sizeof pool - used, fmt, ap);
    va_end(ap);
    if (n < 0 || used + n + 1 > sizeof pool || count == sizeof lines / sizeof *lines)
        _exit(99);
    lines[count++] = pool + used;
    used += n + 1;
}

void put_hex(const char *key, unsigned index, const char *text)
{
    size_t length = strlen(text);
    char *hex = malloc(2 * length + 1);
    for (size_t i = 0; i < length; i++)
        sprintf(hex + 2 * i, "%02x", (unsigned char)text[i]);
    hex[2 * length] = 0;
    put("%s.%06u=%s", key, index, hex);
    free(hex);
}

static int by_text(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

/* A report to a descriptor that may be a pipe: all of it, or status 98. */
static void deliver(int fd)
{
    qsort(lines, count, sizeof *lines, by_text);
    char *text = malloc(used + 1), *end = text;
    for (size_t i = 0; i < count; i++)
        end = stpcpy(end, lines[i]), *end++ = '\n';
    for (char *at = text; at < end;) {
        ssize_t n = write(fd, at, end - at);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            _exit(98);
        at += n;
    }
}

int main(int argc, char **argv, char **envp)
{
    const char *out = NULL;
    if (argc > 2 && !strcmp(argv[1], "--out"))
        out = argv[2];

    probe_descriptors(); /* before /proc is touched */
    probe_signals();     /* before anything could raise one */
    probe_calls();
    have_proc = access("/proc/self/stat", R_OK) == 0;
    probe_descriptor_notes();
    probe_proc();

    put("argc=%d", argc);
    for (int i = 0; i < argc; i++)
        put_hex("argv", i, argv[i]);
    unsigned n = 0;
    for (; envp[n]; n++)
        put_hex("environ", n, envp[n]);
    put("environ.count=%u", n);

    int fd = 1;
    if (out && (fd = open(out, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600)) < 0)
        return 97;
    deliver(fd);
    return 0;
}
