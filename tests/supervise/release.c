/* A release as small as can be, for tests of the supervisor: it keeps one file of lines and one
 * that says which schema they have, answers one request for each connection, and does wrong what
 * the last lines of its own file say: "VERSION:2", "SCHEMA:new", "MODE:exit". */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define FDS_MAX 16
#define TEXT_MAX 131072

static char version[32] = "1", schema[32] = "old", mode[64] = "good", data[4096] = ".";
static char text[TEXT_MAX + 1], answer[TEXT_MAX + 1];
static int shared[FDS_MAX], shared_count, private_socket = -1, accepts, holds, ends;
static long answers, faults, asked;

static void word(const char *tail, const char *name, char *into, size_t size) {
    const char *found = strstr(tail, name);
    if (!found) return;
    snprintf(into, size, "%s", found + strlen(name));
    into[strcspn(into, "\n")] = 0;
}

static void read_conduct(void) {
    char tail[257] = {0};
    int file = open("/proc/self/exe", O_RDONLY);
    lseek(file, -256, SEEK_END);
    ssize_t length = read(file, tail, 256);
    close(file);
    for (ssize_t at = 0; at < length; at++) if (!tail[at]) tail[at] = ' ';
    word(tail, "VERSION:", version, sizeof version);
    word(tail, "SCHEMA:", schema, sizeof schema);
    word(tail, "MODE:", mode, sizeof mode);
}

static int is(const char *what) { return !strcmp(mode, what); }

/* The places of the steps that tests kill at. */
static void point(const char *name) {
    const char *wanted = getenv("HOLDFAST_CRASH_AT");
    if (wanted && !strcmp(wanted, name)) kill(getpid(), SIGKILL);
}

static char *at(const char *folder, const char *name) {
    static char paths[4][4300];
    static int nth;
    char *path = paths[nth++ % 4];
    snprintf(path, 4300, "%s/%s", folder, name);
    return path;
}

static void put(const char *path, const char *bytes, size_t length) {
    char beside[4400];
    snprintf(beside, sizeof beside, "%s.new", path);
    int file = open(beside, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    if (file < 0 || write(file, bytes, length) != (ssize_t)length || fsync(file)) exit(7);
    close(file);
    if (rename(beside, path)) exit(7);
}

static size_t get(const char *path, char *into, size_t size) {
    int file = open(path, O_RDONLY);
    ssize_t length = file < 0 ? 0 : read(file, into, size - 1);
    if (file >= 0) close(file);
    into[length < 0 ? 0 : length] = 0;
    return length < 0 ? 0 : (size_t)length;
}

static void copy(const char *from, const char *to) {
    static char bytes[1 << 20];
    size_t length = get(from, bytes, sizeof bytes);
    put(to, bytes, length);
}

static int take_lock(void) {
    int lock = open(at(data, "lock"), O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    return flock(lock, LOCK_EX | LOCK_NB) ? -1 : lock;
}

static void tell(const char *message) {
    if (send(0, message, strlen(message), MSG_NOSIGNAL) < 0) ends = 1;
}

static void fail(const char *code, const char *detail) {
    char message[512];
    snprintf(message, sizeof message, "{\"failed\":{\"code\":\"%s\",\"detail\":\"%s\"}}", code, detail);
    tell(message);
    exit(1);
}

static int step(int count, char **words) {
    const char *what = words[2];
    char *folder = NULL, *after = "nobody";
    for (int nth = 3; nth + 1 < count; nth++) {
        if (!strcmp(words[nth], "--data")) snprintf(data, sizeof data, "%s", words[nth + 1]);
        if (!strcmp(words[nth], "--after")) after = words[nth + 1];
        if (!strcmp(words[nth], "--into") || !strcmp(words[nth], "--from")) folder = words[nth + 1];
    }
    if (is("leaves-folder") && !strcmp(what, "rehearse")) {
        int file = open(getenv("HOLDFAST_TEST_FORBIDDEN"), O_WRONLY | O_CREAT, 0600);
        printf("{\"wrote\":%s}\n", file < 0 ? "false" : "true");
        return 0;
    }
    if (!strcmp(what, "rehearse")) {
        printf("{\"done\":1,\"total\":1}\n{\"version\":\"%s\",\"folder\":\"%s\"}\n", version, data);
        return is("rehearsal-fails") ? 5 : 0;
    }
    if (take_lock() < 0) return 9;
    if (!strcmp(what, "snapshot")) {
        if (is("snapshot-fails")) return 1;
        mkdir(folder, 0700);
        point("step-snapshot-begun");
        copy(at(data, "schema"), at(folder, "schema"));
        copy(at(data, "rows"), at(folder, "rows"));
        while (is("snapshot-waits") && access(at(data, "go"), F_OK)) poll(NULL, 0, 10);
        put(at(folder, "manifest"), "whole", 5);
    } else if (!strcmp(what, "migrate")) {
        printf("{\"done\":0,\"total\":1}\n");
        fflush(stdout);
        put(at(data, "schema"), "between", 7);
        point("step-migration-half");
        if (is("migration-fails")) return 5;
        if (is("migration-hangs")) for (;;) pause();
        put(at(data, "schema"), schema, strlen(schema));
        point("step-migration-done");
    } else if (!strcmp(what, "restore")) {
        char whole[16];
        if (!get(at(folder, "manifest"), whole, sizeof whole)) return 8;
        put(at(data, "schema"), "between", 7);
        put(at(data, "after"), after, strlen(after));
        point("step-restore-half");
        if (is("restore-fails")) return 8;
        if (is("restore-hangs")) for (;;) pause();
        for (int nth = 0; is("restore-slow") && nth < 30; nth++) {
            printf("{\"done\":%d,\"total\":30}\n", nth);
            fflush(stdout);
            poll(NULL, 0, 100);
        }
        copy(at(folder, "rows"), at(data, "rows"));
        copy(at(folder, "schema"), at(data, "schema"));
        point("step-restore-done");
    }
    printf("{\"done\":1,\"total\":1}\n{\"ok\":true}\n");
    return 0;
}

static void take_sockets(const char *message, int *fds, int count) {
    const char *kind = strstr(message, "\"sockets\":[");
    for (int nth = 0; kind && nth < count; nth++) {
        kind = strchr(kind + (nth ? 1 : 10), nth ? ',' : '"');
        if (nth && kind) kind++;
        if (kind && !strncmp(kind, "\"private\"", 9)) private_socket = fds[nth];
        else if (kind && !strncmp(kind, "\"behind_proxy\"", 14)) shared[shared_count++] = fds[nth];
        else close(fds[nth]);
    }
}

/* Reads one message of the channel into `text`; 0 when the supervisor is gone. */
static ssize_t receive(void) {
    char space[CMSG_SPACE(sizeof(int) * FDS_MAX)];
    struct iovec into = {text, TEXT_MAX};
    struct msghdr head = {.msg_iov = &into, .msg_iovlen = 1, .msg_control = space, .msg_controllen = sizeof space};
    ssize_t length = recvmsg(0, &head, MSG_CMSG_CLOEXEC);
    if (length <= 0) return 0;
    text[length] = 0;
    struct cmsghdr *beside = CMSG_FIRSTHDR(&head);
    if (beside && !strncmp(text, "{\"start\"", 8)) {
        int count = (beside->cmsg_len - CMSG_LEN(0)) / sizeof(int);
        take_sockets(text, (int *)CMSG_DATA(beside), count);
    }
    return length;
}

static void respond(int connection, int status, const char *body) {
    char head[128];
    snprintf(head, sizeof head, "HTTP/1.1 %d X\r\nContent-Length: %zu\r\nConnection: close\r\n\r\n", status, strlen(body));
    answers++;
    faults += status >= 500;
    if (write(connection, head, strlen(head)) < 0 || write(connection, body, strlen(body)) < 0) return;
}

static void hear(void);
static void serve(int listener);

static void ask(int connection, const char *wish) {
    static char message[TEXT_MAX];
    long id = ++asked;
    snprintf(message, sizeof message, "{\"ask\":{\"id\":%ld,\"wish\":%s}}", id, wish);
    answer[0] = 0;
    tell(message);
    while (!answer[0] && !ends) {
        struct pollfd polled[2] = {{0, POLLIN, 0}, {private_socket, POLLIN, 0}};
        poll(polled, 2, -1);
        if (polled[1].revents && !is("unwell")) serve(private_socket);
        if (polled[0].revents) hear();
    }
    respond(connection, 200, answer);
}

static double since_start(void) {
    static struct timespec began;
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    if (!began.tv_sec) began = now;
    return now.tv_sec - began.tv_sec + (now.tv_nsec - began.tv_nsec) / 1e9;
}

static void serve(int listener) {
    static char request[TEXT_MAX];
    int connection = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
    if (connection < 0) return;
    ssize_t length = 0, more;
    char *body = NULL;
    size_t wanted = 0;
    request[0] = 0;
    while ((more = read(connection, request + length, sizeof request - 1 - length)) > 0) {
        length += more;
        request[length] = 0;
        if (!body && (body = strstr(request, "\r\n\r\n"))) {
            body += 4;
            char *size = strcasestr(request, "content-length:");
            wanted = size ? strtoul(size + 15, NULL, 10) : 0;
        }
        if (body && strlen(body) >= wanted) break;
    }
    char reply[128];
    snprintf(reply, sizeof reply, "version %s pid %d", version, getpid());
    if (!body) {
    } else if (!strncmp(request, "GET /health", 11)) {
        respond(connection, is("sick") ? 503 : 200, reply);
    } else if (!strncmp(request, "POST /ask", 9)) {
        ask(connection, body);
    } else if (!strncmp(request, "POST /die", 9)) {
        kill(getpid(), SIGKILL);
    } else if (is("faults")) {
        respond(connection, 500, "fault");
    } else if (!strncmp(request, "POST /write", 11)) {
        int file = open(at(data, "rows"), O_WRONLY | O_CREAT | O_APPEND, 0600);
        int is_kept = write(file, body, wanted) == (ssize_t)wanted && write(file, "\n", 1) == 1 && !fsync(file);
        close(file);
        respond(connection, is_kept ? 200 : 500, reply);
    } else {
        respond(connection, 200, reply);
    }
    close(connection);
}

static void stop_holding_data(int *lock) {
    if (*lock >= 0) close(*lock);
    *lock = -1;
}

static int lock = -1;

static void hear(void) {
    if (!receive()) {
        ends = 1;
    } else if (!strcmp(text, "\"accept\"")) {
        accepts = 1;
    } else if (!strncmp(text, "{\"hold\"", 7)) {
        holds = 1;
        if (is("deaf")) return;
        stop_holding_data(&lock);
        tell("\"closed\"");
    } else if (!strncmp(text, "{\"forward\"", 10)) {
        ends = 1;
    } else if (!strncmp(text, "{\"answer\"", 9)) {
        snprintf(answer, sizeof answer, "%s", text);
    }
}

static void stop(int signal) { (void)signal; ends = 1; }
static void reload(int signal) { (void)signal; put(at(data, "reloaded"), version, strlen(version)); }

static void leak(void) {
    static char *volatile bytes;
    bytes = malloc(64 << 20);
    memset(bytes, 1, 64 << 20);
}

int main(int count, char **words) {
    read_conduct();
    since_start();
    if (count > 2 && !strcmp(words[1], "update-step")) return step(count, words);
    for (int nth = 1; nth + 1 < count; nth++)
        if (!strcmp(words[nth], "--data")) snprintf(data, sizeof data, "%s", words[nth + 1]);
    struct sigaction action = {.sa_handler = stop};
    sigaction(SIGTERM, &action, NULL);
    signal(SIGPIPE, SIG_IGN);
    action.sa_handler = reload;
    action.sa_flags = SA_RESTART;
    sigaction(SIGHUP, &action, NULL);
    if (is("exit") || !strncmp(mode, "restore-", 8)) return 1;
    if (is("damaged")) return 5;
    if (is("segfault")) kill(getpid(), SIGSEGV);
    if (is("hang")) for (;;) pause();
    while (private_socket < 0) if (!receive()) return 1;
    char found[32];
    if ((lock = take_lock()) < 0) fail("data-in-use", "Another process is using the data");
    if (!get(at(data, "schema"), found, sizeof found)) put(at(data, "schema"), "old", strcpy(found, "old") ? 3 : 0);
    if (strcmp(found, schema) && strcmp(found, "new")) fail("schema", found);
    if (is("reads-old") && strcmp(found, "old")) {
        tell("{\"failed\":{\"code\":\"data-newer\",\"detail\":\"The data is of a newer version\"}}");
        return 5;
    }
    if (is("refuses")) fail("smoke", "The trial went wrong");
    point("worker-opened");
    tell("{\"ready\":{\"status\":\"Serving\"}}");
    double told = 0;
    while (!ends) {
        struct pollfd polled[FDS_MAX + 2] = {{0, POLLIN, 0}, {private_socket, POLLIN, 0}};
        int listening = accepts && !holds ? shared_count : 0;
        for (int nth = 0; nth < listening; nth++) polled[2 + nth] = (struct pollfd){shared[nth], POLLIN, 0};
        poll(polled, 2 + listening, 100);
        if (is("leak") && accepts) leak();
        if (!is("mute") && since_start() - told > 0.2) {
            char message[128];
            told = since_start();
            snprintf(message, sizeof message, "{\"alive\":{\"answers\":%ld,\"faults\":%ld}}", answers, faults);
            tell(message);
        }
        if (polled[0].revents) hear();
        if (polled[1].revents && !is("unwell")) serve(private_socket);
        for (int nth = 0; nth < listening; nth++) if (polled[2 + nth].revents & POLLIN && !holds) serve(shared[nth]);
        if (is("dies-later") && accepts && since_start() > 0.5) kill(getpid(), SIGKILL);
    }
    stop_holding_data(&lock);
    return 0;
}
