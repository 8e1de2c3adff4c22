/* reader: what another process of the same user gets to see of PID through /proc and ptrace.
 *
 *   reader PID MILLISECONDS
 *
 * Tries again and again for that long, or until PID is gone, and prints a line for each way:
 * `NAME tries=N seen=N refused=N other=N`. Refused is EACCES or EPERM; other is every other error. */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static const char *const ways[] = {"mem", "environ", "maps", "smaps", "auxv", "stack-of-fds", "attach", "vm-read"};
enum { WAYS = sizeof ways / sizeof *ways };
static long tries[WAYS], seen[WAYS], refused[WAYS], other[WAYS];

static long try_once(int way, pid_t pid)
{
    char path[64], byte;
    if (way == 5) {
        snprintf(path, sizeof path, "/proc/%d/fd", pid);
        DIR *d = opendir(path);
        if (d)
            closedir(d);
        return d ? 0 : -1;
    }
    if (way == 6) {
        if (ptrace(PTRACE_SEIZE, pid, 0, 0) < 0)
            return -1;
        /* Only a stopped process can be let go. */
        ptrace(PTRACE_INTERRUPT, pid, 0, 0);
        waitpid(pid, NULL, __WALL);
        ptrace(PTRACE_DETACH, pid, 0, 0);
        return 0;
    }
    if (way == 7) {
        struct iovec here = {&byte, 1}, there = {(void *)0x10000, 1};
        /* Nothing is mapped there: EFAULT means that looking was allowed. */
        return process_vm_readv(pid, &here, 1, &there, 1, 0) >= 0 || errno == EFAULT ? 0 : -1;
    }
    snprintf(path, sizeof path, "/proc/%d/%s", pid, ways[way]);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return -1;
    long r = way == 0 ? 0 : read(fd, &byte, 1);
    close(fd);
    return r;
}

int main(int argc, char **argv)
{
    if (argc != 3)
        return 91;
    pid_t pid = atoi(argv[1]);
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    long end = t.tv_sec * 1000 + t.tv_nsec / 1000000 + atol(argv[2]);
    for (int gone = 0; !gone;) {
        for (int w = 0; w < WAYS; w++) {
            long r = try_once(w, pid);
            if (r < 0 && (errno == ESRCH || errno == ENOENT)) {
                gone = 1;
                break;
            }
            tries[w]++;
            r >= 0 ? seen[w]++ : errno == EACCES || errno == EPERM ? refused[w]++ : other[w]++;
        }
        clock_gettime(CLOCK_MONOTONIC, &t);
        gone |= t.tv_sec * 1000 + t.tv_nsec / 1000000 > end;
        usleep(500);
    }
    for (int w = 0; w < WAYS; w++)
        printf("%s tries=%ld seen=%ld refused=%ld other=%ld\n", ways[w], tries[w], seen[w], refused[w], other[w]);
    return 0;
}
