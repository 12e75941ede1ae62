/* A disk that fails on demand. Preloaded into the box; while the file HOLDFAST_DISK_MODE says
 * "full", writes below HOLDFAST_DISK_ROOT find no space; while it says "room N PART", only the first
 * N writes to paths that contain PART do, which may hold a * for anything; while it says "broken", syncs there fail.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <limits.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define REAL(name) ((__typeof__(&name))real(#name))

static const char *root, *mode_path;
/* Writes since the mode says "room". */
static atomic_long written;
/* The number that it said then. */
static atomic_long counted_to;

static void *real(const char *name) {
    void *found = dlsym(RTLD_NEXT, name);
    if (!found) abort();
    return found;
}

__attribute__((constructor)) static void begin(void) {
    root = getenv("HOLDFAST_DISK_ROOT");
    mode_path = getenv("HOLDFAST_DISK_MODE");
}

/* Reads the mode into `said`, empty when there is none. */
static void read_mode(char *said, size_t room) {
    memset(said, 0, room);
    if (!mode_path) return;
    int fd = REAL(open)(mode_path, O_RDONLY);
    if (fd < 0) return;
    if (read(fd, said, room - 1) < 0) said[0] = 0;
    REAL(close)(fd);
}

/* Whether the file is below the root; its path is written to `path`. */
static int is_ours(int fd, char *path, size_t room) {
    char link[64];
    if (!root) return 0;
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t length = readlink(link, path, room - 1);
    if (length <= 0) return 0;
    path[length] = 0;
    return strncmp(path, root, strlen(root)) == 0;
}

static int has_no_room(int fd) {
    char path[PATH_MAX], said[128], part[64], pattern[72];
    long most;
    if (!is_ours(fd, path, sizeof path)) return 0;
    read_mode(said, sizeof said);
    if (strncmp(said, "full", 4) == 0) return 1;
    if (sscanf(said, "room %ld %63s", &most, part) != 2) {
        atomic_store(&written, 0);
        return 0;
    }
    /* Whoever says another number begins to count anew, also where nothing was written meanwhile. */
    if (atomic_exchange(&counted_to, most) != most) atomic_store(&written, 0);
    snprintf(pattern, sizeof pattern, "*%s*", part);
    return fnmatch(pattern, path, 0) == 0 && atomic_fetch_add(&written, 1) >= most;
}

static int is_broken(int fd) {
    char path[PATH_MAX], said[128];
    if (!is_ours(fd, path, sizeof path)) return 0;
    read_mode(said, sizeof said);
    return strncmp(said, "broken", 6) == 0;
}

static int fails(int says, int error) {
    if (says) errno = error;
    return says;
}

ssize_t write(int fd, const void *bytes, size_t length) {
    return fails(has_no_room(fd), ENOSPC) ? -1 : REAL(write)(fd, bytes, length);
}

ssize_t pwrite(int fd, const void *bytes, size_t length, off_t at) {
    return fails(has_no_room(fd), ENOSPC) ? -1 : REAL(pwrite)(fd, bytes, length, at);
}

ssize_t pwrite64(int fd, const void *bytes, size_t length, off64_t at) {
    return fails(has_no_room(fd), ENOSPC) ? -1 : REAL(pwrite64)(fd, bytes, length, at);
}

int fsync(int fd) {
    return fails(is_broken(fd), EIO) ? -1 : REAL(fsync)(fd);
}

int fdatasync(int fd) {
    return fails(is_broken(fd), EIO) ? -1 : REAL(fdatasync)(fd);
}
