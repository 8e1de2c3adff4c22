/* standin: a launcher that behaves well, or badly in one named way; it shows that the proofs see the
 * difference, and needs nothing of the real one.
 *
 *   standin FAULT SECRET_FILE COMMAND [ARG]...   reads the secret, commits the fault, becomes the command
 *   standin -p PROFILE -- COMMAND [ARG]...       sets A=1 and becomes the command; the fault is what the
 *                                                profile's first line names, as in `# umask`
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <alloca.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static char *volatile kept; /* so that no copy is optimised away */

/* Looks like hex of "ABCDEF", and is only a table: the scanner must tell it from a leak. */
const char table[] = "4041424344454647";

static void *asleep(void *unused)
{
    pause();
    return unused;
}

/* Faults may be combined: `exit,shared`. */
static int is(const char *faults, const char *name)
{
    size_t length = strlen(name);
    for (const char *at = faults; (at = strstr(at, name)); at++)
        if ((at == faults || at[-1] == ',') && (at[length] == 0 || at[length] == ','))
            return 1;
    return 0;
}

/* Ways to leave a secret behind. The arena itself holds it in every case but `empty`. */
static void spill(const char *fault, const char *arena, size_t length)
{
    static const char digits[] = "0123456789abcdef";
    static char global[1 << 16];
    if (is(fault, "heap") || is(fault, "heap-tail")) {
        size_t skip = is(fault, "heap-tail") ? length - 8 : 0; /* one window only, at an odd address */
        kept = malloc(length + 64);
        memcpy(kept + 33, arena + skip, length - skip);
        free(kept);
    } else if (is(fault, "data")) {
        memcpy(global, arena, length);
        kept = global;
    } else if (is(fault, "hex")) {
        kept = malloc(2 * length);
        for (size_t i = 0; i < length; i++)
            kept[2 * i] = digits[(uint8_t)arena[i] >> 4], kept[2 * i + 1] = digits[arena[i] & 15];
    } else if (is(fault, "mmap")) {
        kept = mmap(NULL, length, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        memcpy(kept, arena, length);
        mprotect(kept, length, PROT_NONE);
    } else if (is(fault, "memfd")) {
        int fd = memfd_create("copy", 0);
        if (ftruncate(fd, length) == 0) {
            kept = mmap(NULL, length, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
            memcpy(kept, arena, length);
        }
        close(fd);
    } else if (is(fault, "stack")) {
        char *frame = alloca(length);
        memcpy(frame, arena, length);
        kept = frame;
        __asm__ volatile("" ::: "memory"); /* else the dead frame is never written */
    }
}

/* Ways to be seen in the command, or at the exec. */
static void disturb(const char *fault)
{
    pthread_t thread;
    if (is(fault, "thread")) {
        pthread_create(&thread, NULL, asleep, NULL);
    } else if (is(fault, "zombie")) {
        pid_t pid = fork();
        if (pid == 0)
            _exit(0);
        siginfo_t s;
        waitid(P_PID, pid, &s, WEXITED | WNOWAIT);
    } else if (is(fault, "reap")) {
        while (waitpid(-1, NULL, WNOHANG) > 0)
            ;
    } else if (is(fault, "fd")) {
        open("/dev/null", O_RDONLY);
    } else if (is(fault, "fd-cloexec")) {
        open("/dev/zero", O_RDONLY | O_CLOEXEC);
    } else if (is(fault, "umask")) {
        umask(022 ^ 1);
    } else if (is(fault, "sigpipe")) {
        signal(SIGPIPE, SIG_IGN);
    } else if (is(fault, "chdir")) {
        if (chdir("/"))
            _exit(9);
    } else if (is(fault, "mask")) {
        sigset_t set;
        sigfillset(&set);
        sigprocmask(SIG_BLOCK, &set, NULL);
    } else if (is(fault, "fork")) { /* runs the command as a child: another pid, another parent */
        int status;
        pid_t pid = fork();
        if (pid) {
            waitpid(pid, &status, 0);
            _exit(WEXITSTATUS(status));
        }
    } else if (is(fault, "plug")) {
        while (open("/dev/null", O_RDWR) < 2)
            ;
        close(3);
    } else if (is(fault, "wait")) {
        sleep(5);
    }
}

static void *arena_for(const char *fault, size_t size)
{
    int fd = is(fault, "shared") ? -1 : syscall(SYS_memfd_secret, O_CLOEXEC);
    void *at = MAP_FAILED;
    if (fd >= 0 && ftruncate(fd, size) == 0)
        at = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    if (fd >= 0)
        close(fd);
    if (at == MAP_FAILED) {
        at = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
        mlock2(at, size, MLOCK_ONFAULT);
        madvise(at, size, MADV_DONTDUMP);
    }
    return at;
}

int main(int argc, char **argv)
{
    char line[64] = "", *fault = line;
    static char *environment[2];
    kept = (char *)table;
    if (argc < 4)
        return 125;
    if (!is(argv[1], "dumpable"))
        prctl(PR_SET_DUMPABLE, 0);
    if (is(argv[1], "-p")) {
        int fd = open(argv[2], O_RDONLY | O_CLOEXEC);
        ssize_t n = fd < 0 ? -1 : read(fd, line, sizeof line - 1);
        close(fd);
        if (n < 0 || argc < 5)
            return 125;
        line[strcspn(line, "\n")] = 0;
        fault = line + (strncmp(line, "# ", 2) ? 0 : 2);
        environment[0] = "A=1";
        disturb(fault);
        execve(argv[4], argv + 4, environment);
        return 126;
    }
    fault = argv[1];
    enum { SIZE = 1 << 16 };
    char *arena = arena_for(fault, SIZE);
    int fd = open(argv[2], O_RDONLY | O_CLOEXEC);
    ssize_t n = read(fd, arena + 2, SIZE - 3);
    close(fd);
    if (n < 8)
        return 125;
    memcpy(arena, "S=", 2);
    spill(fault, arena + 2, n);
    disturb(fault);
    if (is(fault, "exit"))
        return 125; /* with the secret still in the arena */
    environment[0] = arena;
    if (is(fault, "twice")) /* a failed attempt first, as along PATH */
        execve("/nowhere/at/all", argv + 3, environment);
    execve(argv[3], argv + 3, environment);
    return 127;
}
