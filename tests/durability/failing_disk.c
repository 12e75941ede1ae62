/* A disk that fails on demand. Preloaded into the box; while the file HOLDFAST_DISK_MODE says
 * "full", writes below HOLDFAST_DISK_ROOT find no space; while it says "broken", syncs there fail.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define REAL(name) ((__typeof__(&name))real(#name))

static const char *root, *mode_path;

static void *real(const char *name) {
    void *found = dlsym(RTLD_NEXT, name);
    if (!found) abort();
    return found;
}

__attribute__((constructor)) static void begin(void) {
    root = getenv("HOLDFAST_DISK_ROOT");
    mode_path = getenv("HOLDFAST_DISK_MODE");
}

static int mode_is(const char *wanted) {
    char said[16] = {0};
    if (!mode_path) return 0;
    int fd = REAL(open)(mode_path, O_RDONLY);
    if (fd < 0) return 0;
    ssize_t length = read(fd, said, sizeof said - 1);
    REAL(close)(fd);
    return length > 0 && strncmp(said, wanted, strlen(wanted)) == 0;
}

static int is_ours(int fd) {
    char link[64], path[PATH_MAX];
    if (!root) return 0;
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t length = readlink(link, path, sizeof path - 1);
    if (length <= 0) return 0;
    path[length] = 0;
    return strncmp(path, root, strlen(root)) == 0;
}

static int fails(int fd, const char *mode, int error) {
    if (!is_ours(fd) || !mode_is(mode)) return 0;
    errno = error;
    return 1;
}

ssize_t write(int fd, const void *bytes, size_t length) {
    return fails(fd, "full", ENOSPC) ? -1 : REAL(write)(fd, bytes, length);
}

ssize_t pwrite(int fd, const void *bytes, size_t length, off_t at) {
    return fails(fd, "full", ENOSPC) ? -1 : REAL(pwrite)(fd, bytes, length, at);
}

ssize_t pwrite64(int fd, const void *bytes, size_t length, off64_t at) {
    return fails(fd, "full", ENOSPC) ? -1 : REAL(pwrite64)(fd, bytes, length, at);
}

int fsync(int fd) {
    return fails(fd, "broken", EIO) ? -1 : REAL(fsync)(fd);
}

int fdatasync(int fd) {
    return fails(fd, "broken", EIO) ? -1 : REAL(fdatasync)(fd);
}
