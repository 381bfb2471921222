/* Loaded before the C library: the k-th call that touches a folder fails with a given error. Opening /fault/arm/K/ERRNO/FOLDER
 * arms it, K = 0 disarms it, and opening /fault/hit tells whether it failed (EEXIST) or not (ENOENT). */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <unistd.h>

static long left;
static int number, hit;
static char folder[4096];

/* Whether this call is the one that fails. */
static int fails(void) {
    if (left <= 0 || --left > 0) return 0;
    hit = 1;
    errno = number;
    return 1;
}

static int fails_on_path(const char *path) {
    return left > 0 && strncmp(path, folder, strlen(folder)) == 0 && fails();
}

static int fails_on_file(int fd) {
    char link[64], path[4096];
    if (left <= 0) return 0;
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    long size = syscall(SYS_readlinkat, AT_FDCWD, link, path, sizeof path - 1);
    if (size < 0) return 0;
    path[size] = 0;
    return fails_on_path(path);
}

/* Whether the path was a word to this file. */
static int command(const char *path) {
    int end = 0;
    if (strcmp(path, "/fault/hit") == 0) {
        errno = hit ? EEXIST : ENOENT;
        return 1;
    }
    if (strncmp(path, "/fault/arm/", 11) != 0) return 0;
    left = hit = 0;
    long k = 0;
    if (sscanf(path + 11, "%ld/%d%n", &k, &number, &end) == 2) {
        snprintf(folder, sizeof folder, "%s", path + 11 + end);
        left = k;
    }
    errno = ENOENT;
    return 1;
}

#define REAL(name) ((__typeof__(name) *)dlsym(RTLD_NEXT, #name))

#define OPEN(name)                                                   \
    int name(const char *path, int flags, ...) {                     \
        va_list more;                                                \
        va_start(more, flags);                                       \
        int mode = va_arg(more, int);                                \
        va_end(more);                                                \
        if (command(path) || fails_on_path(path)) return -1;         \
        return REAL(name)(path, flags, mode);                        \
    }
OPEN(open)
OPEN(open64)

#define ON_FILE(result, name, parameters, ...)                       \
    result name parameters {                                         \
        if (fails_on_file(fd)) return -1;                            \
        return REAL(name)(__VA_ARGS__);                              \
    }
ON_FILE(ssize_t, read, (int fd, void *to, size_t size), fd, to, size)
ON_FILE(ssize_t, write, (int fd, const void *from, size_t size), fd, from, size)
ON_FILE(ssize_t, pread, (int fd, void *to, size_t size, off_t at), fd, to, size, at)
ON_FILE(ssize_t, pread64, (int fd, void *to, size_t size, off64_t at), fd, to, size, at)
ON_FILE(ssize_t, pwrite, (int fd, const void *from, size_t size, off_t at), fd, from, size, at)
ON_FILE(ssize_t, pwrite64, (int fd, const void *from, size_t size, off64_t at), fd, from, size, at)
ON_FILE(int, fsync, (int fd), fd)
ON_FILE(int, fdatasync, (int fd), fd)
ON_FILE(int, ftruncate, (int fd, off_t size), fd, size)
ON_FILE(int, ftruncate64, (int fd, off64_t size), fd, size)

#define ON_PATH(name, parameters, ...)                               \
    int name parameters {                                            \
        if (fails_on_path(path)) return -1;                          \
        return REAL(name)(__VA_ARGS__);                              \
    }
ON_PATH(rename, (const char *path, const char *to), path, to)
ON_PATH(unlink, (const char *path), path)
ON_PATH(mkdir, (const char *path, mode_t mode), path, mode)

/* Taking locks alone: no system fails to let one go, and SQLite would hold it for ever. */
#define LOCK(name)                                                   \
    int name(int fd, int what, ...) {                                \
        va_list more;                                                \
        va_start(more, what);                                        \
        void *value = va_arg(more, void *);                          \
        va_end(more);                                                \
        if (what == F_SETLK && ((struct flock *)value)->l_type != F_UNLCK && fails_on_file(fd)) return -1; \
        return REAL(name)(fd, what, value);                          \
    }
LOCK(fcntl)
LOCK(fcntl64)
