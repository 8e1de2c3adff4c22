/* Shared by the parts of probe.c: how a line is added, and who reads what. */
#ifndef PROBE_H
#define PROBE_H
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

extern int have_proc;
void put(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
void put_hex(const char *key, unsigned index, const char *text);

void probe_descriptors(void);
void probe_descriptor_notes(void);
void probe_signals(void);
void probe_calls(void);
void probe_proc(void);

#include "probe_fds.h"
#include "probe_calls.h"
#include "probe_proc.h"
#endif
