/* become-root SECONDS: a set-user-ID program that becomes its owner for good, and then takes its time. Nobody else
 * can kill it: sudo and su are of this kind. */
#define _GNU_SOURCE
#include <stdlib.h>
#include <unistd.h>

int main(int argc, char **argv)
{
    if (argc != 2 || setresuid(0, 0, 0))
        return 90;
    close(0), close(1), close(2);
    sleep(atoi(argv[1]));
    return 0;
}
