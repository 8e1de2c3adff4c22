/* peak COMMAND [ARG]...: runs the command and prints the most memory that it had resident, in KiB. In C, because the
 * kernel counts what the parent had at the fork. */
#include <stdio.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

int main(int argc, char **argv, char **envp) {
    struct rusage usage;
    int status;
    pid_t child = argc > 1 ? fork() : -1;
    if (child == 0) {
        execve(argv[1], argv + 1, envp);
        _exit(127);
    }
    if (child < 0 || wait4(child, &status, 0, &usage) < 0 || status) return 1;
    return printf("%ld\n", usage.ru_maxrss) < 0;
}
