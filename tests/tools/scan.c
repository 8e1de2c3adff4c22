/* scan: what is left of secrets in a launcher at the moment it becomes the command (or exits).
 *
 *   scan [--at exec|exit] --needles FILE [--from NAME] [--text FILE]... [--report FILE] [--arena-ok]
 *        [--utf16] [--made FILE] -- COMMAND [ARG]...
 *
 * COMMAND is traced. From the moment it executes a program whose file is called NAME (default: at
 * once), each entry of execve by its main thread is a candidate: the process stands still there, all
 * its memory is read, and the report of the last entry before an execve that succeeded is kept (with
 * --at exit: that of the entry of exit_group). Children are not traced: they just run. The exit
 * status is COMMAND's; 120 is the scanner's own failure. The report is one JSON object on FILE
 * (default: stderr). --text names files that everybody may read (the profile): a needle found
 * there or in argv is a mistake of the test, and listed as one. --made names a file that COMMAND writes: when
 * the process stands still its bytes are one more needle (with --at exit only: they are read once).
 *
 * Needs CAP_SYS_PTRACE over COMMAND where that is not dumpable: run it as root or under unshare -r. */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include <elf.h>

static void die(const char *what)
{
    fprintf(stderr, "scan: %s: %s\n", what, strerror(errno));
    exit(120);
}

static char mistakes[64][160];
static int mistake_count;
static long spent_ms;
static int utf16;
static const char *made;

#include "scan_needles.h"
#include "scan_memory.h"
#include "scan_report.h"

static long now_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* A needle that stands in public text would be found again in memory, and says nothing. */
static void check_public(const char *path, const char *label)
{
    static uint8_t text[4 << 20];
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        die(path);
    size_t length = 0;
    for (ssize_t n; length < sizeof text && (n = read(fd, text + length, sizeof text - length)) > 0;)
        length += n;
    close(fd);
    for (size_t i = 0; i + WINDOW <= length; i++) {
        const struct slot *s = lookup(window_at(text + i));
        if (s && mistake_count < 64) {
            snprintf(mistakes[mistake_count++], sizeof mistakes[0], "needle %s (%s) stands in %s", needles[s->needle - 1].name, encodings[s->encoding], label);
            return;
        }
    }
}

static int is_from(pid_t pid, const char *name)
{
    char path[64], exe[4096];
    snprintf(path, sizeof path, "/proc/%d/exe", pid);
    ssize_t n = readlink(path, exe, sizeof exe - 1);
    if (n < 0)
        die("cannot tell which program the traced process runs");
    exe[n] = 0;
    const char *slash = strrchr(exe, '/');
    return !name || !strcmp(slash ? slash + 1 : exe, name);
}

/* The launcher begins: what it has open now was inherited. */
static void begin(pid_t pid)
{
    char path[64];
    inherited_count = 0;
    snprintf(path, sizeof path, "/proc/%d/fd", pid);
    numbers_in(path, remember_fd, NULL, pid);
    snprintf(path, sizeof path, "/proc/%d/cmdline", pid);
    check_public(path, "argv");
}

static void take(pid_t pid, struct report *r, const char *where)
{
    int attempts = r->attempts + 1;
    long start = now_ms();
    if (made) {
        read_made(made);
        build_table(utf16);
    }
    memset(r, 0, sizeof *r);
    r->attempts = attempts;
    snprintf(r->where, sizeof r->where, "%s", where);
    scan_process(pid, r);
    spent_ms = now_ms() - start;
}

/* 0: no entry of a system call; else its number plus one. */
static long entered(pid_t pid)
{
    struct __ptrace_syscall_info info = {0};
    if (ptrace(PTRACE_GET_SYSCALL_INFO, pid, sizeof info, &info) < 0 || info.op != PTRACE_SYSCALL_INFO_ENTRY)
        return 0;
    return info.entry.nr + 1;
}

/* Follows the process to its end or to the exec that was waited for; returns a wait status. */
static int follow(pid_t pid, const char *from, int at_exit, struct report *r)
{
    int status, started = 0, resume = PTRACE_SYSCALL;
    long deliver = 0;
    for (;;) {
        if (ptrace(resume, pid, 0, deliver) < 0 && errno != ESRCH)
            die("cannot resume the traced process");
        if (waitpid(pid, &status, __WALL) < 0)
            die("lost the traced process");
        resume = PTRACE_SYSCALL;
        deliver = 0;
        if (!WIFSTOPPED(status))
            return status;
        int signal = WSTOPSIG(status), event = status >> 16;
        if (event == PTRACE_EVENT_EXEC) {
            if (!started && is_from(pid, from)) {
                started = 1;
                begin(pid);
            } else if (started && !at_exit) {
                r->finished = r->attempts > 0;
                ptrace(PTRACE_DETACH, pid, 0, 0);
                if (waitpid(pid, &status, __WALL) < 0)
                    die("lost the command");
                return status;
            } else if (started) {
                started = 2; /* it became the command: its exit is not the launcher's */
            }
        } else if (event == PTRACE_EVENT_STOP) {
            resume = signal == SIGTRAP ? PTRACE_SYSCALL : PTRACE_LISTEN; /* a real stop stays one */
        } else if (signal == (SIGTRAP | 0x80)) {
            long call = entered(pid) - 1;
            if (started == 1 && !at_exit && (call == SYS_execve || call == SYS_execveat))
                take(pid, r, "exec");
            if (started == 1 && at_exit && (call == SYS_exit_group || call == SYS_exit)) {
                take(pid, r, "exit");
                r->finished = 1;
            }
        } else if (!event) {
            deliver = signal;
        }
    }
}

static pid_t start(char **command)
{
    int gate[2], status;
    if (pipe2(gate, O_CLOEXEC) < 0)
        die("pipe");
    pid_t pid = fork();
    if (pid < 0)
        die("fork");
    if (pid == 0) {
        char go;
        close(gate[1]);
        if (read(gate[0], &go, 1) != 1)
            _exit(120);
        close(gate[0]);
        execv(*command, command);
        dprintf(2, "scan: %s: %s\n", *command, strerror(errno));
        _exit(127);
    }
    long options = PTRACE_O_TRACESYSGOOD | PTRACE_O_TRACEEXEC | PTRACE_O_EXITKILL;
    if (ptrace(PTRACE_SEIZE, pid, 0, options) < 0 || ptrace(PTRACE_INTERRUPT, pid, 0, 0) < 0)
        die("cannot trace");
    if (waitpid(pid, &status, __WALL) < 0 || !WIFSTOPPED(status) || write(gate[1], "g", 1) != 1)
        die("cannot stop the traced process");
    close(gate[0]);
    close(gate[1]);
    return pid;
}

int main(int argc, char **argv)
{
    const char *needle_file = NULL, *from = NULL, *report_file = NULL, *texts[64];
    int at_exit = 0, arena_ok = 0, text_count = 0, i = 1;
    for (; i < argc && strcmp(argv[i], "--"); i++) {
        const char *value = i + 1 < argc ? argv[i + 1] : "";
        if (!strcmp(argv[i], "--arena-ok"))
            arena_ok = 1;
        else if (!strcmp(argv[i], "--utf16"))
            utf16 = 1;
        else if (!strcmp(argv[i], "--at"))
            at_exit = !strcmp(value, "exit"), i++;
        else if (!strcmp(argv[i], "--needles"))
            needle_file = value, i++;
        else if (!strcmp(argv[i], "--from"))
            from = value, i++;
        else if (!strcmp(argv[i], "--report"))
            report_file = value, i++;
        else if (!strcmp(argv[i], "--made"))
            made = value, i++;
        else if (!strcmp(argv[i], "--text") && text_count < 64)
            texts[text_count++] = value, i++;
        else
            die(argv[i]);
    }
    if (!needle_file || i + 1 >= argc)
        die("usage: scan --needles FILE [OPTION]... -- COMMAND [ARG]...");
    read_needles(needle_file);
    build_table(utf16);
    for (int t = 0; t < text_count; t++)
        check_public(texts[t], texts[t]);
    FILE *out = report_file ? fopen(report_file, "we") : stderr;
    if (!out)
        die(report_file);
    static struct report report;
    snprintf(report.where, sizeof report.where, "nowhere");
    int status = follow(start(argv + i + 1), from, at_exit, &report);
    print_report(out, &report, arena_ok);
    fflush(out);
    if (WIFEXITED(status))
        return WEXITSTATUS(status);
    signal(WTERMSIG(status), SIG_DFL);
    raise(WTERMSIG(status));
    return 128 + WTERMSIG(status);
}
