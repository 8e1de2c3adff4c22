/* starter: prepares what a shell cannot, and becomes the rest of its arguments; or says what it finds.
 *
 *   starter fds                          the open descriptors, in one line
 *   starter wait MILLISECONDS FILE       reaps nothing; writes what it inherited to FILE after that long: a line for
 *                                        each child that has ended, `chld pending` where SIGCHLD is
 *   starter OPTION... -- COMMAND [ARG]...
 *     ignore=N  default=N  block=N       a signal
 *     child=MILLISECONDS                 a child that ends after that long with status 7
 *     child-forever=FILE                 a child that lives on; its pid goes to FILE
 *     background                         in a process group of its own, not the terminal's; waits for it */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static int number(const char *word, const char *option)
{
    size_t length = strlen(option);
    return strncmp(word, option, length) || word[length] != '=' ? -1 : atoi(word + length + 1);
}

static int say_children(const char *milliseconds, const char *file)
{
    sigset_t pending;
    usleep(atoi(milliseconds) * 1000);
    FILE *out = fopen(file, "w");
    if (!out)
        return 97;
    sigpending(&pending);
    int status;
    pid_t pid;
    while ((pid = waitpid(-1, &status, WNOHANG)) > 0)
        fprintf(out, "ended %d\n", WEXITSTATUS(status));
    fprintf(out, pid == 0 ? "living\n" : "none\n");
    if (sigismember(&pending, SIGCHLD))
        fprintf(out, "chld pending\n");
    return fclose(out) ? 98 : 0;
}

static void child(int milliseconds, const char *file)
{
    pid_t pid = fork();
    if (pid == 0) {
        for (int fd = 0; fd < 3; fd++)
            close(fd);
        if (milliseconds >= 0)
            usleep(milliseconds * 1000);
        else
            sleep(60);
        _exit(7);
    }
    FILE *out = file ? fopen(file, "w") : NULL;
    if (out) {
        fprintf(out, "%d\n", pid);
        fclose(out);
    }
}

static void background(void)
{
    int status;
    pid_t pid = fork();
    if (pid == 0) {
        setpgid(0, 0);
        return;
    }
    waitpid(pid, &status, 0);
    exit(WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status));
}

int main(int argc, char **argv)
{
    if (argc == 2 && !strcmp(argv[1], "fds")) {
        for (int fd = 0; fd < 4096; fd++)
            if (fcntl(fd, F_GETFD) >= 0)
                printf("%d ", fd);
        puts("");
        return 0;
    }
    if (argc == 4 && !strcmp(argv[1], "wait"))
        return say_children(argv[2], argv[3]);
    int i = 1;
    for (; i < argc && strcmp(argv[i], "--"); i++) {
        int n;
        sigset_t set;
        if ((n = number(argv[i], "ignore")) >= 0)
            signal(n, SIG_IGN);
        else if ((n = number(argv[i], "default")) >= 0)
            signal(n, SIG_DFL);
        else if ((n = number(argv[i], "block")) >= 0)
            sigemptyset(&set), sigaddset(&set, n), sigprocmask(SIG_BLOCK, &set, NULL);
        else if ((n = number(argv[i], "child")) >= 0)
            child(n, NULL);
        else if (!strncmp(argv[i], "child-forever=", 14))
            child(-1, argv[i] + 14);
        else if (!strcmp(argv[i], "background"))
            background();
        else
            return 91;
    }
    if (i + 1 >= argc)
        return 91;
    execv(argv[i + 1], argv + i + 1);
    perror(argv[i + 1]);
    return 90;
}
