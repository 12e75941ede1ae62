/* A disk on which every sync takes half a second: preloaded into the program. */
#include <unistd.h>

int fsync(int fd) {
    (void)fd;
    usleep(500000);
    return 0;
}

int fdatasync(int fd) { return fsync(fd); }
