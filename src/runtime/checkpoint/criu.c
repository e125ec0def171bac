/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Starting CRIU and talking with it by way of the worker. The socket's other end is made here, so
 * that CRIU takes the descriptors that a request names for ours (SO_PEERCRED). CRIU does not die
 * with us: killed half-way through a dump it would leave the container with its parasite inside,
 * whereas the end of its socket lets it put everything back.
 */
#include "runtime/checkpoint/criu.h"

#include "base/buf.h"
#include "base/mem.h"
#include "kernel/mount/mount.h"
#include "runtime/checkpoint/request.h"
#include "runtime/libexec.h"
#include "sys/fd.h"
#include "sys/file.h"
#include "sys/host.h"
#include "sys/sock.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <unistd.h>

#define DEFAULT_PATH "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
#define RPC_FD       3
#define FDS_MAX      64
#define STDERR_MAX   65536
#define LOG_MAX      (256u << 20)
#define LOG_LINE_MAX 400

/* --- the programs --- */

void criu_done(struct criu *criu)
{
	free(ptr_take(&criu->program));
	free(ptr_take(&criu->libexec_path));
}

static const struct libexec_worker worker = {
	.name = CRIU_WORKER_NAME,
	.needed_by = "checkpoint and restore need",
	.hint = "it is built where protobuf-c is: Debian's libprotobuf-c-dev and "
		"protobuf-c-compiler",
};

bool criu_has_worker(void)
{
	return libexec_has(&worker);
}

static char *find_program(const char *name)
{
	if (strchr(name, '/') != NULL)
		return access(name, X_OK) == 0 ? mem_strdup(name) : NULL;
	const char *path = getenv("PATH");
	char *found = path != NULL ? host_find_program(name, path) : NULL;
	return found != NULL ? found : host_find_program(name, DEFAULT_PATH);
}

/* A question about CRIU itself. What it says on its standard error is the answer to why not. */
static int ask_alone(const struct criu *criu, const struct strv *request, struct criu_event *out,
		     struct err *err)
{
	AUTO_FD null_fd = open("/dev/null", O_RDWR | O_CLOEXEC);
	AUTO_FD said_fd = memfd_create("criu", MFD_CLOEXEC);
	if (null_fd < 0 || said_fd < 0)
		return err_sys(err, "prepare the output of %s", criu->program);
	const int fds[] = { null_fd, null_fd, said_fd };
	const struct criu_start start = { .fds = fds, .fds_len = ARRAY_LEN(fds) };
	struct criu_session session = CRIU_SESSION_INIT;
	if (criu_session_begin(criu, &start, &session, err) < 0)
		return -1;
	int result = criu_session_ask(&session, request, NULL, NULL, out, err);
	criu_session_end(&session);
	if (result == 0)
		return 0;
	AUTO(struct buf, buf_done) said = { 0 };
	(void)lseek(said_fd, 0, SEEK_SET);
	if (fd_read_all(said_fd, STDERR_MAX, "the output of CRIU", &said, NULL) == 0 &&
	    said.len > 0) {
		char *line = strstr(buf_str(&said), "Error");
		if (line != NULL)
			err_set(err, ERR_UNSUPPORTED, "%s: %.*s", criu->program,
				(int)strcspn(line, "\n"), line);
	}
	return -1;
}

static int check_version(const struct criu *criu, struct err *err)
{
	AUTO(struct strv, strv_done) request = { 0 };
	struct criu_event event = { 0 };
	request_begin(&request, CRIU_VERB_VERSION);
	if (ask_alone(criu, &request, &event, err) < 0)
		return err_context(err, "version of CRIU");
	if (event.version >= CRIU_VERSION_MIN)
		return 0;
	err_set(err, ERR_UNSUPPORTED, "%s is CRIU %d.%d: too old", criu->program,
		event.version / 10000, event.version / 100 % 100);
	return err_hint(err, "%d.%d or later is needed", CRIU_VERSION_MIN / 10000,
			CRIU_VERSION_MIN / 100 % 100);
}

int criu_find(const char *program, struct criu *out, struct err *err)
{
	AUTO(struct criu, criu_done) criu = { 0 };
	const char *name = program != NULL ? program : "criu";
	criu.libexec_path = libexec_find(err);
	if (criu.libexec_path == NULL || libexec_check(criu.libexec_path, &worker, err) < 0)
		return -1;
	criu.program = find_program(name);
	if (criu.program == NULL) {
		err_set(err, ERR_UNSUPPORTED, "checkpoint and restore need CRIU: %s is not %s",
			name, strchr(name, '/') != NULL ? "an executable" : "in PATH");
		return err_hint(err, "install it (Debian: criu), or name it by --criu");
	}
	if (check_version(&criu, err) < 0)
		return -1;
	*out = criu;
	criu = (struct criu){ 0 };
	return 0;
}

int criu_check_feature(const struct criu *criu, const char *feature, struct err *err)
{
	AUTO(struct strv, strv_done) request = { 0 };
	struct criu_event event = { 0 };
	request_begin(&request, CRIU_VERB_FEATURES);
	request_add_flag(&request, feature, true);
	if (ask_alone(criu, &request, &event, err) < 0)
		return err_context(err, "ask CRIU whether this kernel has %s", feature);
	if (strcmp(feature, "mem_track") == 0 ? event.has_mem_track : event.has_lazy_pages)
		return 0;
	err_set(err, ERR_UNSUPPORTED, "CRIU finds that this kernel has no %s", feature);
	return err_hint(err, "see \"criu check --feature %s\"",
			strcmp(feature, "mem_track") == 0 ? "mem_dirty_track" : "uffd-noncoop");
}

/* --- CRIU --- */

/* All out of the way first: no descriptor is overwritten before its use. */
static int place_fds(const struct criu_start *start, int rpc_fd, struct err *err)
{
	int from[FDS_MAX];
	size_t len = 0;
	for (size_t i = 0; i < start->fds_len; i++) {
		if (i == RPC_FD)
			from[len++] = rpc_fd;
		from[len++] = start->fds[i];
	}
	if (start->fds_len == RPC_FD)
		from[len++] = rpc_fd;
	for (size_t i = 0; i < len; i++) {
		from[i] = fcntl(from[i], F_DUPFD_CLOEXEC, FDS_MAX);
		if (from[i] < 0)
			return err_sys(err, "place descriptor %zu", i);
	}
	for (size_t i = 0; i < len; i++)
		if (dup2(from[i], (int)i) < 0)
			return err_sys(err, "place descriptor %zu", i);
	fd_cloexec_from((int)len);
	return 0;
}

static int become_criu(const struct criu *criu, const struct criu_start *start, int rpc_fd,
		       struct err *err)
{
	static char swrk[] = "swrk", fd_text[] = "3";
	char *const argv[] = { criu->program, swrk, fd_text, NULL };
	sigset_t none;
	sigemptyset(&none);
	if (start->prepare != NULL &&
	    (mount_change_all(MS_SLAVE, err) < 0 || start->prepare(start->context, err) < 0))
		return -1;
	if (place_fds(start, rpc_fd, err) < 0)
		return -1;
	if (start->is_apart && setpgid(0, 0) < 0)
		return err_sys(err, "make a process group");
	sigprocmask(SIG_SETMASK, &none, NULL);
	execv(criu->program, argv);
	return err_sys(err, "execute %s", criu->program);
}

static int reap(int *pidfd)
{
	struct process_exit how = { 0 };
	int result = *pidfd >= 0 ? process_wait(*pidfd, &how, NULL) : 0;
	fd_close(pidfd);
	return result;
}

static int start_criu(const struct criu *criu, const struct criu_start *start, int rpc_fd,
		      struct criu_session *session, struct err *err)
{
	int pipe_fds[2];
	struct err why = { 0 };
	if (start->fds_len >= FDS_MAX - 1)
		return err_set(err, ERR_INVALID, "too many descriptors for CRIU");
	if (pipe2(pipe_fds, O_CLOEXEC) < 0)
		return err_sys(err, "make a pipe");
	AUTO_FD read_fd = pipe_fds[0];
	AUTO_FD write_fd = pipe_fds[1];
	struct process_clone clone = {
		.flags = start->prepare != NULL ? CLONE_NEWNS : 0,
		.cgroup_fd = -1,
		.out_pidfd = -1,
	};
	pid_t pid = process_fork(&clone, err);
	if (pid < 0)
		return -1;
	if (pid == 0) {
		become_criu(criu, start, rpc_fd, &why);
		(void)!write(write_fd, &why, sizeof(why));
		_exit(1);
	}
	session->pid = pid;
	session->pidfd = clone.out_pidfd;
	fd_close(&write_fd);
	ssize_t n;
	do {
		n = read(read_fd, &why, sizeof(why));
	} while (n < 0 && errno == EINTR);
	if (n != (ssize_t)sizeof(why))
		return 0; /* closed by the exec */
	if (err != NULL)
		*err = why;
	return -1;
}

/* --- the worker --- */

static int start_worker(const struct criu *criu, int rpc_fd, struct criu_session *session,
			struct err *err)
{
	static char name[] = CRIU_WORKER_NAME;
	char *const argv[] = { name, NULL };
	char *const no_env[] = { NULL };
	int pair[2];
	AUTO_FD null_fd = open("/dev/null", O_RDWR | O_CLOEXEC);
	if (null_fd < 0)
		return err_sys(err, "open /dev/null");
	if (sock_pair(pair, err) < 0)
		return -1;
	AUTO_FD ours = pair[0];
	AUTO_FD theirs = pair[1];
	AUTO_FREE char *path = mem_printf("%s/" CRIU_WORKER_NAME, criu->libexec_path);
	const int fds[] = { null_fd, null_fd, STDERR_FILENO, theirs, rpc_fd };
	if (process_spawn(path, argv, no_env, fds, ARRAY_LEN(fds), &session->worker, err) < 0)
		return -1;
	session->control_fd = fd_take(&ours);
	return 0;
}

int criu_session_begin(const struct criu *criu, const struct criu_start *start,
		       struct criu_session *out, struct err *err)
{
	struct criu_session session = CRIU_SESSION_INIT;
	int pair[2];
	if (sock_pair(pair, err) < 0)
		return -1;
	AUTO_FD worker_end = pair[0];
	AUTO_FD criu_end = pair[1];
	if (start_criu(criu, start, criu_end, &session, err) < 0 ||
	    start_worker(criu, worker_end, &session, err) < 0) {
		/* Without a word on its socket CRIU ends. */
		fd_close(&worker_end);
		fd_close(&criu_end);
		criu_session_end(&session);
		return -1;
	}
	*out = session;
	return 0;
}

void criu_session_end(struct criu_session *session)
{
	fd_close(&session->control_fd);
	reap(&session->worker.pidfd);
	reap(&session->pidfd);
	*session = (struct criu_session)CRIU_SESSION_INIT;
}

static int send_request(int control_fd, const struct strv *request, struct err *err)
{
	AUTO(struct buf, buf_done) packet = { 0 };
	for (size_t i = 0; i < request->len; i++)
		buf_add(&packet, request->items[i], strlen(request->items[i]) + 1);
	if (packet.len > CRIU_REQUEST_MAX)
		return err_set(err, ERR_INVALID, "too much for one request to CRIU (%zu bytes)",
			       packet.len);
	return sock_send(control_fd, packet.data, packet.len, -1, err);
}

static int receive(int control_fd, struct criu_event *out, int *out_fd, struct err *err)
{
	ssize_t n = sock_recv(control_fd, out, sizeof(*out), out_fd, err);
	if (n < 0)
		return -1;
	if (n != (ssize_t)sizeof(*out))
		return err_set(err, ERR_REMOTE, CRIU_WORKER_NAME " ended without a word");
	out->note[sizeof(out->note) - 1] = out->message[sizeof(out->message) - 1] = '\0';
	return 0;
}

static int fail(const struct criu_event *event, struct err *err)
{
	const char *text = event->message;
	int len = (int)strcspn(text, "\n");
	if (len > 0)
		return err_set(err, ERR_REMOTE, "CRIU: %.*s", len, text);
	if (event->errnum != 0)
		return err_set(err, ERR_REMOTE, "CRIU failed: %s", strerror(event->errnum));
	return err_set(err, ERR_REMOTE, "CRIU failed");
}

int criu_session_ask(struct criu_session *session, const struct strv *request, criu_note *on_note,
		     void *context, struct criu_event *out, struct err *err)
{
	struct err why = { 0 }; /* our own reason to stop is the better one */
	if (send_request(session->control_fd, request, err) < 0)
		return -1;
	for (;;) {
		struct criu_event event;
		AUTO_FD fd = -1;
		if (receive(session->control_fd, &event, &fd, err) < 0)
			return -1;
		if (event.is_last && event.is_success && why.kind == ERR_NONE) {
			*out = event;
			return 0;
		}
		if (event.is_last && why.kind == ERR_NONE)
			return fail(&event, err);
		if (event.is_last) {
			if (err != NULL)
				*err = why;
			return -1;
		}
		char word = CRIU_GO_ON;
		if (why.kind != ERR_NONE ||
		    (on_note != NULL && on_note(context, &event, &fd, &why) < 0))
			word = CRIU_STOP;
		session->is_refused |= word == CRIU_STOP;
		if (sock_send(session->control_fd, &word, sizeof(word), -1, err) < 0)
			return -1;
	}
}

/* --- its log --- */

char *criu_log_error(int dir_fd, const char *name)
{
	AUTO(struct buf, buf_done) text = { 0 };
	if (file_read(dir_fd, name, LOG_MAX, &text, NULL) < 0)
		return NULL;
	const char *line = strstr(buf_str(&text), "Error (");
	if (line == NULL)
		return NULL;
	size_t len = strcspn(line, "\n");
	return mem_strndup(line, len < LOG_LINE_MAX ? len : LOG_LINE_MAX);
}
