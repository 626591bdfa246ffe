/* A disk that fails on command, for the proofs in ingress/tests/proofs.
 *
 * Loaded by LD_PRELOAD. FAULTS_FOLDER: files below it are affected. FAULTS_CONTROL: a file of 16
 * bytes; its first byte says what fails from now on, its last eight count the calls that failed.
 *   0  nothing
 *   f  writing, growing and creating files: ENOSPC
 *   t  the same, but a write first takes half of what it is given
 *   s  fsync and fdatasync: EIO
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <unistd.h>

struct control {
    _Atomic uint8_t mode;
    uint8_t unused[7];
    _Atomic uint64_t failed;
};

static struct control *control;
static char folder[PATH_MAX];
static size_t folder_length;

#define REAL(name)                                                                                 \
    static __typeof__(&name) real;                                                                 \
    if (!real) real = (__typeof__(&name))dlsym(RTLD_NEXT, #name)

__attribute__((constructor)) static void begin(void) {
    const char *path = getenv("FAULTS_CONTROL"), *below = getenv("FAULTS_FOLDER");
    if (!path || !below || strlen(below) + 2 > sizeof folder) return;
    REAL(open);
    int fd = real(path, O_RDWR | O_CLOEXEC);
    if (fd < 0) return;
    void *mapped = mmap(NULL, sizeof *control, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    close(fd);
    if (mapped == MAP_FAILED) return;
    folder_length = (size_t)snprintf(folder, sizeof folder, "%s/", below);
    control = mapped;
}

/* What fails now; one load when nothing does. */
static uint8_t mode(void) { return control ? atomic_load(&control->mode) : 0; }

static bool full(void) {
    uint8_t now = mode();
    return now == 'f' || now == 't';
}

static int fail(int error) {
    atomic_fetch_add(&control->failed, 1);
    errno = error;
    return -1;
}

static bool path_below(const char *path) { return strncmp(path, folder, folder_length) == 0; }

static bool fd_below(int fd) {
    char link[64], path[PATH_MAX];
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t length = readlink(link, path, sizeof path - 1);
    if (length < 0) return false;
    path[length] = 0;
    return path_below(path);
}

static bool at_below(int at, const char *path) {
    if (path[0] == '/') return path_below(path);
    return at != AT_FDCWD && fd_below(at);
}

/* Whether opening would create a file. */
static bool creates(int at, const char *path, int flags) {
    if (!(flags & O_CREAT) || !full() || !at_below(at, path)) return false;
    int error = errno;
    bool missing = faccessat(at, path, F_OK, 0) != 0;
    errno = error;
    return missing;
}

/* How many of `count` bytes a write may take; 0: it fails. */
static size_t taken(int fd, size_t count) {
    static __thread bool half_taken;
    uint8_t now = mode();
    if ((now != 'f' && now != 't') || count == 0 || !fd_below(fd)) return count;
    half_taken = now == 't' && count > 1 && !half_taken;
    return half_taken ? count / 2 : 0;
}

#define WRITE(name, parameters, call)                                                              \
    ssize_t name parameters {                                                                      \
        REAL(name);                                                                                \
        size_t some = taken(fd, count);                                                            \
        if (count > 0 && some == 0) return fail(ENOSPC);                                           \
        return real call;                                                                          \
    }

WRITE(write, (int fd, const void *bytes, size_t count), (fd, bytes, some))
WRITE(pwrite, (int fd, const void *bytes, size_t count, off_t at), (fd, bytes, some, at))
WRITE(pwrite64, (int fd, const void *bytes, size_t count, off64_t at), (fd, bytes, some, at))

#define REFUSE(type, name, parameters, arguments, refused, result)                                 \
    type name parameters {                                                                         \
        REAL(name);                                                                                \
        if (refused) return result;                                                                \
        return real arguments;                                                                     \
    }

#define REFUSE_WRITE(type, name, parameters, arguments)                                            \
    REFUSE(type, name, parameters, arguments, full() && fd_below(fd), fail(ENOSPC))

REFUSE_WRITE(ssize_t, writev, (int fd, const struct iovec *v, int n), (fd, v, n))
REFUSE_WRITE(ssize_t, pwritev, (int fd, const struct iovec *v, int n, off_t at), (fd, v, n, at))
REFUSE_WRITE(ssize_t, pwritev64, (int fd, const struct iovec *v, int n, off64_t at), (fd, v, n, at))
REFUSE_WRITE(ssize_t, pwritev2, (int fd, const struct iovec *v, int n, off_t at, int flags),
             (fd, v, n, at, flags))
REFUSE_WRITE(ssize_t, pwritev64v2, (int fd, const struct iovec *v, int n, off64_t at, int flags),
             (fd, v, n, at, flags))
REFUSE_WRITE(int, fallocate, (int fd, int how, off_t at, off_t length), (fd, how, at, length))
REFUSE_WRITE(int, fallocate64, (int fd, int how, off64_t at, off64_t length), (fd, how, at, length))

/* These answer the error and leave errno alone. */
#define REFUSE_POSIX(name, off)                                                                    \
    REFUSE(int, name, (int fd, off at, off length), (fd, at, length), full() && fd_below(fd),      \
           (fail(ENOSPC), ENOSPC))
REFUSE_POSIX(posix_fallocate, off_t)
REFUSE_POSIX(posix_fallocate64, off64_t)

/* Making a file shorter needs no room. */
static bool grows(int fd, off64_t length) {
    struct stat64 now;
    return full() && fd_below(fd) && fstat64(fd, &now) == 0 && length > now.st_size;
}
REFUSE(int, ftruncate, (int fd, off_t length), (fd, length), grows(fd, length), fail(ENOSPC))
REFUSE(int, ftruncate64, (int fd, off64_t length), (fd, length), grows(fd, length), fail(ENOSPC))

REFUSE(ssize_t, copy_file_range,
       (int from, off64_t *from_at, int fd, off64_t *at, size_t count, unsigned flags),
       (from, from_at, fd, at, count, flags), full() && fd_below(fd), fail(ENOSPC))

REFUSE(int, mkdir, (const char *path, mode_t rights), (path, rights),
       full() && path_below(path), fail(ENOSPC))
REFUSE(int, link, (const char *from, const char *to), (from, to),
       full() && path_below(to), fail(ENOSPC))
REFUSE(int, linkat, (int from_at, const char *from, int to_at, const char *to, int flags),
       (from_at, from, to_at, to, flags), full() && at_below(to_at, to), fail(ENOSPC))

REFUSE(int, fsync, (int fd), (fd), mode() == 's' && fd_below(fd), fail(EIO))
REFUSE(int, fdatasync, (int fd), (fd), mode() == 's' && fd_below(fd), fail(EIO))

#define OPEN(name)                                                                                 \
    int name(const char *path, int flags, ...) {                                                   \
        REAL(name);                                                                                \
        va_list more;                                                                              \
        va_start(more, flags);                                                                     \
        mode_t rights = flags & (O_CREAT | O_TMPFILE) ? va_arg(more, mode_t) : 0;                  \
        va_end(more);                                                                              \
        if (creates(AT_FDCWD, path, flags)) return fail(ENOSPC);                                   \
        return real(path, flags, rights);                                                          \
    }
OPEN(open)
OPEN(open64)

#define OPENAT(name)                                                                               \
    int name(int at, const char *path, int flags, ...) {                                           \
        REAL(name);                                                                                \
        va_list more;                                                                              \
        va_start(more, flags);                                                                     \
        mode_t rights = flags & (O_CREAT | O_TMPFILE) ? va_arg(more, mode_t) : 0;                  \
        va_end(more);                                                                              \
        if (creates(at, path, flags)) return fail(ENOSPC);                                         \
        return real(at, path, flags, rights);                                                      \
    }
OPENAT(openat)
OPENAT(openat64)
