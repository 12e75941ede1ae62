/* A disk that keeps everybody waiting while somebody holds the lock of the file HOLDFAST_TEST_GATE:
 * preloaded into the program.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/file.h>
#include <unistd.h>

static void wait_at_gate(void) {
    const char *path = getenv("HOLDFAST_TEST_GATE");
    int gate = path ? open(path, O_RDONLY | O_CLOEXEC) : -1;
    if (gate < 0) return;
    flock(gate, LOCK_SH);
    close(gate);
}

int fsync(int fd) {
    wait_at_gate();
    return ((int (*)(int))dlsym(RTLD_NEXT, "fsync"))(fd);
}

int fdatasync(int fd) {
    wait_at_gate();
    return ((int (*)(int))dlsym(RTLD_NEXT, "fdatasync"))(fd);
}
