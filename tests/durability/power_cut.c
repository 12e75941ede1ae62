/* A disk that forgets what was not synced. Preloaded into the box by the power-cut test: writes
 * below HOLDFAST_CUT_ROOT go to the file as always, but reach HOLDFAST_CUT_SHADOW, which is what a
 * power cut would leave, only when the file is synced. Killing the box and taking the shadow for
 * its data is the cut. Memory-mapped files (SQLite's -shm) are rebuilt by their owner and left out.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define FDS_MAX 65536
#define FILES_MAX 4096

struct range { off_t at; size_t length; };
struct file { char path[PATH_MAX]; struct range *ranges; size_t count, room; };

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct file files[FILES_MAX];
static int files_count;
/* 0: not looked at, -1: none of ours, else index + 1. */
static int file_of_fd[FDS_MAX];
static const char *root, *shadow;

#define REAL(name) ((__typeof__(&name))real(#name))

static void *real(const char *name) {
    void *found = dlsym(RTLD_NEXT, name);
    if (!found) abort();
    return found;
}

__attribute__((constructor)) static void begin(void) {
    root = getenv("HOLDFAST_CUT_ROOT");
    shadow = getenv("HOLDFAST_CUT_SHADOW");
}

/* The part of a path below the root, or NULL. */
static const char *below_root(const char *path) {
    size_t length = root ? strlen(root) : 0;
    if (!length || strncmp(path, root, length) != 0 || path[length] != '/') return NULL;
    return path + length + 1;
}

static struct file *file_at(const char *path) {
    for (int i = 0; i < files_count; i++)
        if (strcmp(files[i].path, path) == 0) return &files[i];
    if (files_count == FILES_MAX) abort();
    strncpy(files[files_count].path, path, PATH_MAX - 1);
    return &files[files_count++];
}

/* Call with the lock held. */
static struct file *file_of(int fd) {
    if (!root || !shadow || fd < 0 || fd >= FDS_MAX) return NULL;
    if (file_of_fd[fd] == 0) {
        char link[64], path[PATH_MAX];
        struct stat about;
        snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
        ssize_t length = readlink(link, path, sizeof path - 1);
        file_of_fd[fd] = -1;
        if (length > 0 && fstat(fd, &about) == 0 && S_ISREG(about.st_mode)) {
            path[length] = 0;
            const char *name = below_root(path);
            size_t end = name ? strlen(name) : 0;
            int is_shm = end > 4 && strcmp(name + end - 4, "-shm") == 0;
            if (name && !is_shm) file_of_fd[fd] = (int)(file_at(name) - files) + 1;
        }
    }
    return file_of_fd[fd] > 0 ? &files[file_of_fd[fd] - 1] : NULL;
}

static void note(int fd, off_t at, ssize_t length) {
    if (length <= 0) return;
    pthread_mutex_lock(&lock);
    struct file *file = file_of(fd);
    if (file) {
        if (file->count == file->room) {
            file->room = file->room ? file->room * 2 : 64;
            file->ranges = realloc(file->ranges, file->room * sizeof *file->ranges);
            if (!file->ranges) abort();
        }
        file->ranges[file->count++] = (struct range){at, (size_t)length};
    }
    pthread_mutex_unlock(&lock);
}

static void make_parents(char *path) {
    for (char *slash = strchr(path + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
        *slash = 0;
        mkdir(path, 0700);
        *slash = '/';
    }
}

/* What the disk keeps from here on. */
static void keep(int fd) {
    char buffer[65536], path[PATH_MAX * 2];
    struct stat about;
    pthread_mutex_lock(&lock);
    struct file *file = file_of(fd);
    if (file && fstat(fd, &about) == 0) {
        snprintf(path, sizeof path, "%s/%s", shadow, file->path);
        make_parents(path);
        int to = REAL(open)(path, O_RDWR | O_CREAT, 0600);
        if (to < 0) abort();
        for (size_t i = 0; i < file->count; i++) {
            struct range range = file->ranges[i];
            while (range.length > 0) {
                size_t wanted = range.length < sizeof buffer ? range.length : sizeof buffer;
                ssize_t got = pread(fd, buffer, wanted, range.at);
                if (got <= 0) break;
                if (REAL(pwrite)(to, buffer, (size_t)got, range.at) != got) abort();
                range.at += got;
                range.length -= (size_t)got;
            }
        }
        file->count = 0;
        if (REAL(ftruncate)(to, about.st_size) != 0) abort();
        REAL(close)(to);
    }
    pthread_mutex_unlock(&lock);
}

ssize_t write(int fd, const void *bytes, size_t length) {
    off_t at = root ? lseek(fd, 0, SEEK_CUR) : 0;
    ssize_t written = REAL(write)(fd, bytes, length);
    if (at >= 0) {
        int kept = errno;
        note(fd, at, written);
        errno = kept;
    }
    return written;
}

ssize_t pwrite(int fd, const void *bytes, size_t length, off_t at) {
    ssize_t written = REAL(pwrite)(fd, bytes, length, at);
    note(fd, at, written);
    return written;
}

ssize_t pwrite64(int fd, const void *bytes, size_t length, off64_t at) {
    ssize_t written = REAL(pwrite64)(fd, bytes, length, at);
    note(fd, at, written);
    return written;
}

int fsync(int fd) {
    keep(fd);
    return 0;
}

int fdatasync(int fd) {
    keep(fd);
    return 0;
}

int close(int fd) {
    pthread_mutex_lock(&lock);
    if (fd >= 0 && fd < FDS_MAX) file_of_fd[fd] = 0;
    pthread_mutex_unlock(&lock);
    return REAL(close)(fd);
}

/* Names change at once, as a journaling file system keeps them in order. */
int rename(const char *from, const char *to) {
    int done = REAL(rename)(from, to);
    const char *old = below_root(from), *new = below_root(to);
    if (done == 0 && old && new) {
        char shadow_old[PATH_MAX * 2], shadow_new[PATH_MAX * 2];
        snprintf(shadow_old, sizeof shadow_old, "%s/%s", shadow, old);
        snprintf(shadow_new, sizeof shadow_new, "%s/%s", shadow, new);
        REAL(rename)(shadow_old, shadow_new);
    }
    return done;
}

int unlink(const char *path) {
    const char *name = below_root(path);
    if (name) {
        char shadowed[PATH_MAX * 2];
        snprintf(shadowed, sizeof shadowed, "%s/%s", shadow, name);
        REAL(unlink)(shadowed);
    }
    return REAL(unlink)(path);
}
