/*
 * Preloaded into the process under test: counts its system calls that change or lock something, and lets one of them
 * fail. Off until `shim_arm`; a process that forks hands its state to the child.
 *
 *   KILL   the process dies before the call        SHORT  a write writes half of it, and reports that
 *   ERROR  the call fails once with an errno       TORN   a write writes half of it, and the process dies
 *   CUT    the file system loses its power before the call, and the process dies
 *
 * `shim_power` names the file system that CUT cuts, and what lies: a synchronisation (of files, of folders) that says it
 * is done and does nothing. A test with a lie shows that the test could fail.
 *
 * Where the environment names a file in SHIM_PROGRAMS, every program that the process or its children start is noted
 * there: its arguments, then its environment, one a line.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <unistd.h>

enum { OFF, COUNT, KILL, ERROR, SHORT, TORN, CUT };
enum { GO_ON, FAIL, HALF, HALF_AND_DIE };
enum { FILES = 1, FOLDERS = 2 };

/* From the kernel's fs/ext4/ext4.h: shut down at once, without writing the journal. */
#define EXT4_IOC_SHUTDOWN _IOR('X', 125, unsigned int)
#define NO_LOG_FLUSH 2u

static int mode = OFF, chosen = 0, number = 0, with = 0, report = -1, powered = -1, lies = 0;

#define REAL(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

void shim_arm(int mode_, int chosen_, int errno_, int report_) {
    mode = mode_, chosen = chosen_, with = errno_, report = report_, number = 0;
}

void shim_power(int powered_, int lies_) { powered = powered_, lies = lies_; }

static void die(void) {
    kill(getpid(), SIGKILL);
    for (;;) pause();
}

static int fate(const char *call, int writes) {
    if (mode == OFF) return GO_ON;
    number++;
    if (mode == COUNT) {
        char line[64];
        int length = snprintf(line, sizeof line, "%s\n", call);
        if (report >= 0 && REAL(write)(report, line, (size_t)length) < 0) die();
        return GO_ON;
    }
    if (number != chosen) return GO_ON;
    if (mode == KILL) die();
    if (mode == CUT) {
        unsigned int how = NO_LOG_FLUSH;
        if (ioctl(powered, EXT4_IOC_SHUTDOWN, &how) == 0) die();
        _exit(98);
    }
    if (mode == ERROR) {
        errno = with;
        return FAIL;
    }
    if (!writes) return GO_ON;
    return mode == SHORT ? HALF : HALF_AND_DIE;
}

ssize_t write(int fd, const void *from, size_t size) {
    switch (fate("write", 1)) {
        case FAIL: return -1;
        case HALF: return REAL(write)(fd, from, size > 1 ? size / 2 : size);
        case HALF_AND_DIE: if (REAL(write)(fd, from, size / 2) >= 0) die(); die();
    }
    return REAL(write)(fd, from, size);
}

ssize_t pwrite64(int fd, const void *from, size_t size, off64_t at) {
    switch (fate("pwrite", 1)) {
        case FAIL: return -1;
        case HALF: return REAL(pwrite64)(fd, from, size > 1 ? size / 2 : size, at);
        case HALF_AND_DIE: if (REAL(pwrite64)(fd, from, size / 2, at) >= 0) die(); die();
    }
    return REAL(pwrite64)(fd, from, size, at);
}

ssize_t pwrite(int fd, const void *from, size_t size, off_t at) { return pwrite64(fd, from, size, at); }

#define CALL(result, name, parameters, arguments)             \
    result name parameters {                                  \
        if (fate(#name, 0) == FAIL) return -1;                \
        return REAL(name) arguments;                          \
    }

/* Does the synchronisation of this only say that it is done? */
static int lied(int fd) {
    struct stat is;
    return lies && fstat(fd, &is) == 0 && (lies & (S_ISDIR(is.st_mode) ? FOLDERS : FILES));
}

#define SYNCHRONISE(name)                          \
    int name(int fd) {                             \
        if (fate(#name, 0) == FAIL) return -1;     \
        return lied(fd) ? 0 : REAL(name)(fd);      \
    }

SYNCHRONISE(fsync)
SYNCHRONISE(fdatasync)
CALL(int, flock, (int fd, int how), (fd, how))
CALL(int, rename, (const char *from, const char *to), (from, to))
CALL(int, link, (const char *from, const char *to), (from, to))
CALL(int, unlink, (const char *path), (path))
CALL(int, unlinkat, (int folder, const char *path, int flags), (folder, path, flags))
CALL(int, mkdir, (const char *path, mode_t bits), (path, bits))
CALL(int, rmdir, (const char *path), (path))
CALL(int, fchmod, (int fd, mode_t bits), (fd, bits))
CALL(int, chmod, (const char *path, mode_t bits), (path, bits))
CALL(int, fchown, (int fd, uid_t owner, gid_t group), (fd, owner, group))
CALL(int, ftruncate64, (int fd, off64_t size), (fd, size))
CALL(int, ftruncate, (int fd, off_t size), (fd, size))
CALL(int, truncate64, (const char *path, off64_t size), (path, size))
CALL(int, truncate, (const char *path, off_t size), (path, size))

/* Only opening for writing counts: what cannot be read is another test's business. */
#define OPEN(name)                                                              \
    int name(const char *path, int flags, ...) {                                \
        va_list rest;                                                           \
        va_start(rest, flags);                                                  \
        mode_t bits = va_arg(rest, mode_t);                                     \
        va_end(rest);                                                           \
        if ((flags & O_ACCMODE) != O_RDONLY && fate("open", 0) == FAIL) return -1; \
        return REAL(name)(path, flags, bits);                                   \
    }

OPEN(open)
OPEN(open64)

extern char **environ;

static void note(char *const arguments[], char *const environment[]) {
    const char *path = getenv("SHIM_PROGRAMS");
    if (!path) return;
    int to = REAL(open)(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0600);
    for (int which = 0; to >= 0 && which < 2; which++) {
        char *const *each = which ? environment : arguments;
        for (; each && *each; each++) {
            if (REAL(write)(to, *each, strlen(*each)) < 0) break;
            if (REAL(write)(to, "\n", 1) < 0) break;
        }
    }
    if (to >= 0) REAL(close)(to);
}

int execve(const char *path, char *const arguments[], char *const environment[]) {
    note(arguments, environment);
    return REAL(execve)(path, arguments, environment);
}

int execv(const char *path, char *const arguments[]) {
    note(arguments, environ);
    return REAL(execve)(path, arguments, environ);
}

int execvp(const char *file, char *const arguments[]) {
    note(arguments, environ);
    return REAL(execvp)(file, arguments);
}
