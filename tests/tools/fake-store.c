/* fake-store: stands in the place of inject-store and answers as XDG_FAKE says (the keychain's process gets XDG_*, others by
 * pass-env). XDG_FAKE_LOG names a file that gets a line for each start, request and end; in mode `record` also for its
 * arguments, its environment, and what it is asked.
 *
 * What it answers to a locator: `absent/...` there is none; `print/fds` its descriptors; all others, `value of LOCATOR`.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

extern char **environ;
static const char *mode = "";
static unsigned char request[2 << 20];
static unsigned char reply[2 << 20];
static size_t length;
static int last;

static int is(const char *name)
{
    return !strcmp(mode, name);
}

static void say(const char *format, ...)
{
    const char *name = getenv("XDG_FAKE_LOG");
    int fd = name ? open(name, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600) : -1;
    va_list list;
    va_start(list, format);
    if (fd >= 0)
        vdprintf(fd, format, list);
    va_end(list);
    close(fd);
}

static void put(const void *bytes, size_t count)
{
    memcpy(reply + length, bytes, count);
    length += count;
}

static void put_number(uint32_t number)
{
    number = htonl(number);
    put(&number, 4);
}

static void put_text(const char *text)
{
    put_number(strlen(text));
    put(text, strlen(text));
}

static void put_byte(unsigned char byte)
{
    put(&byte, 1);
}

static void begin(void)
{
    length = 0;
    put_number(0);
}

static void send_reply(void)
{
    uint32_t size = htonl(length - 4);
    memcpy(reply, &size, 4);
    if (last && is("more")) /* the beginning of one message too many, in the same write */
        put("\0\0\0d\1\0", 6);
    for (size_t at = 0; at < length;) {
        size_t step = is("slow") ? 1 : length - at;
        ssize_t n = write(1, reply + at, step);
        if (n <= 0)
            _exit(98);
        at += n;
        usleep(is("slow") ? 1000 : 0);
    }
}

static int receive(void)
{
    uint32_t size = 0;
    for (size_t got = 0; got < 4;) {
        ssize_t n = read(0, (char *)&size + got, 4 - got);
        if (n <= 0)
            return 0;
        got += n;
    }
    size = ntohl(size);
    for (size_t got = 0; got < size;) {
        ssize_t n = read(0, request + got, size - got);
        if (n <= 0)
            return 0;
        got += n;
    }
    return 1;
}

static uint32_t number_at(size_t at)
{
    uint32_t number;
    memcpy(&number, request + at, 4);
    return ntohl(number);
}

static void open_store(void)
{
    begin();
    put("inject\r\n", 8);
    put_number(is("protocol") ? 2 : 1);
    put_text("fake");
    send_reply();
}

static void value_of(const char *text)
{
    char line[8192] = "";
    put_byte(0);
    if (!strcmp(text, "print/fds")) {
        for (int fd = 0; fd < 4096; fd++)
            if (fcntl(fd, F_GETFD) >= 0)
                sprintf(line + strlen(line), "%d ", fd);
    } else if (!strncmp(text, "large/", 6)) {
        static char large[1 << 20];
        memset(large, 'x', sizeof large);
        put_number(atoi(text + 6));
        put(large, atoi(text + 6));
        put("\0\0\0\0\0\0", 6); /* no notes, no version, no date */
        return;
    } else {
        snprintf(line, sizeof line, "value of %s", text);
    }
    put_text(line);
    put("\0\0\0\0\0\0", 6);
}

/* The answer to one locator; false where the fault of this mode is to give none. */
static void answer(uint32_t index, const char *text)
{
    begin();
    put_byte(1);
    put_number(is("index") ? index + 7 : index);
    if (!strncmp(text, "absent/", 7)) {
        put_byte(1);
        put_byte(0);
        put_text("no such item");
        put_byte(0);
    } else if (is("state")) {
        put_byte(99);
    } else {
        value_of(text);
    }
    if (is("longer"))
        put_byte(0);
    send_reply();
    if (is("twice"))
        send_reply();
}

/* The bytes at `at`, as a string; `at` moves behind them. */
static const char *string_at(size_t *at, char *text, size_t room)
{
    uint32_t size = number_at(*at);
    if (size >= room)
        exit(96);
    memcpy(text, request + *at + 4, size);
    text[size] = 0;
    *at += 4 + size;
    return text;
}

/* `PREFIX NAME=VALUE` for each pair of the list at `at`. */
static void pairs_at(size_t *at, const char *prefix)
{
    static char name[256], value[65536];
    uint32_t count = number_at(*at);
    *at += 4;
    while (count--) {
        string_at(at, name, sizeof name);
        string_at(at, value, sizeof value);
        if (is("record"))
            say("%s %s=%s\n", prefix, name, value);
    }
}

static void answer_all(void)
{
    uint32_t count = number_at(1);
    size_t at = 5;
    say("asked %u\n", count);
    for (uint32_t i = 0; i < count; i++) {
        static char kind[256], text[65536];
        string_at(&at, kind, sizeof kind);
        string_at(&at, text, sizeof text);
        if (is("record"))
            say("locator %s:%s\n", kind, text);
        pairs_at(&at, "option");
        if (is("half") && i == 1)
            exit(0);
        last = i + 1 == count;
        answer(i, text);
    }
}

static void failed(void)
{
    begin();
    put_byte(2);
    put_byte(2);
    put_byte(0);
    put_text("the fake \033[31mdenies\033[0m it");
    put_byte(0);
    send_reply();
}

/* Faults that need no request. */
static void at_once(void)
{
    if (is("exit"))
        exit(3);
    if (is("crash"))
        raise(SIGSEGV);
    if (is("hang"))
        sleep(60);
    if (is("hang-child") && fork() == 0)
        say("%d\n", getpid()), sleep(60);
    if (is("hang-child"))
        sleep(60);
    if (is("hang-closed"))
        close(0), close(1), sleep(60);
    if (is("garbage"))
        dprintf(1, "<html><body>no SECRET-IN-GARBAGE here</body></html>\n"), sleep(60);
    if (is("short-garbage"))
        dprintf(1, "\1\2\3"), exit(0);
    if (is("flood"))
        for (;;)
            if (write(1, reply, sizeof reply) < 0)
                exit(4);
}

int main(int argc, char **argv)
{
    mode = getenv("XDG_FAKE") ? getenv("XDG_FAKE") : "";
    say(is("hang-child") ? "%d\n" : "start %d\n", getpid());
    dprintf(2, "SECRET-ON-STDERR\n");
    if (is("record")) {
        for (int i = 0; i < argc; i++)
            say("argv %s\n", argv[i]);
        for (char **at = environ; *at; at++)
            say("env %s\n", *at);
    }
    at_once();
    while (receive()) {
        if (!memcmp(request, "inject\r\n", 8)) {
            size_t at = 12;
            static char kind[256];
            string_at(&at, kind, sizeof kind);
            at += 5; /* the time that is left, and whether ages are wanted */
            pairs_at(&at, "setting");
            open_store();
            if (is("exit-opened"))
                exit(0);
            if (is("hang-opened"))
                sleep(60);
            if (is("huge-frame")) {
                length = 0;
                put_number(64 << 20);
                if (write(1, reply, 4) == 4)
                    sleep(60);
            }
            if (is("flood-opened"))
                for (;;)
                    if (write(1, reply, sizeof reply) < 0)
                        exit(4);
            if (is("failed"))
                failed();
            continue;
        }
        answer_all();
        if (is("exit-answered"))
            exit(5);
    }
    say("end\n");
    return 0;
}
