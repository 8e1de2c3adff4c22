/* state: puts itself into an inherited state by name, then becomes the rest of its arguments.
 *
 *   state --list            every name, one a line
 *   state NAME[,NAME...] COMMAND [ARG]...
 *
 * The states are what a caller may hand to a program it starts; the command must find itself in the
 * same one whether or not a launcher stood in between. Status 90: a state could not be set. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>
#include <grp.h>

extern char **environ;

static void fail(const char *what)
{
    dprintf(2, "state: %s: %s\n", what, strerror(errno));
    _exit(90);
}
#define MUST(call) ((call) < 0 ? fail(#call) : (void)0)

#include "state_list.h"

int main(int argc, char **argv)
{
    size_t known = sizeof states / sizeof *states;
    if (argc == 2 && !strcmp(argv[1], "--list")) {
        for (size_t i = 0; i < known; i++)
            if (states[i].name[0] != '.')
                puts(states[i].name);
        return 0;
    }
    if (argc < 3) {
        dprintf(2, "usage: state --list | state NAME[,NAME...] COMMAND [ARG]...\n");
        return 91;
    }
    char *save = NULL;
    for (char *name = strtok_r(argv[1], ",", &save); name; name = strtok_r(NULL, ",", &save)) {
        size_t i = 0;
        while (i < known && strcmp(states[i].name, name))
            i++;
        if (i == known) {
            dprintf(2, "state: no state '%s'\n", name);
            return 91;
        }
        states[i].enter(states[i].argument);
    }
    execve(argv[2], argv + 2, environ); /* a path: nothing is searched, no PATH is needed */
    fail(argv[2]);
}
