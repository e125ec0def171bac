/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Between a container and its unit: what is decided before anything is made, and one worker per
 * request that speaks to systemd. The worker gets the words of the request and the addresses of the
 * buses, nothing else of ours; if it says nothing in time it is killed.
 */
#include "runtime/scope/scope.h"

#include "base/buf.h"
#include "base/clock.h"
#include "base/mem.h"
#include "kernel/ns/privilege.h"
#include "runtime/libexec.h"
#include "runtime/scope/property.h"
#include "runtime/scope/protocol.h"
#include "sys/fd.h"
#include "sys/process.h"
#include "sys/sock.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define NS_PER_MS 1000000u

/* argv is not const for exec's sake */
static char program_name[] = SCOPE_WORKER_NAME;

void scope_request_done(struct scope_request *request)
{
	scope_done(&request->scope);
	strv_done(&request->properties);
	free(ptr_take(&request->libexec_path));
}

/* --- what is decided beforehand --- */

bool scope_is_user(void)
{
	if (geteuid() != 0)
		return true;
	if (ns_outside_uid() == 0)
		return false;
	/* Root of a user namespace: in a session of the user who made it, or of a machine of its
	 * own, whose root has a session, too. */
	const char *runtime_dir = getenv("XDG_RUNTIME_DIR");
	if (runtime_dir != NULL && runtime_dir[0] != '\0')
		return strcmp(runtime_dir, "/run/user/0") != 0;
	return getenv("DBUS_SESSION_BUS_ADDRESS") != NULL;
}

/* sd_booted(3) */
static int check_systemd(struct err *err)
{
	struct stat st;
	if (lstat("/run/systemd/system", &st) == 0 && S_ISDIR(st.st_mode))
		return 0;
	err_set(err, ERR_UNSUPPORTED,
		"systemd does not run on this host: --systemd-cgroup cannot be had");
	return err_hint(err, "without that option control groups are written directly");
}

static const struct libexec_worker worker = {
	.name = SCOPE_WORKER_NAME,
	.needed_by = "--systemd-cgroup needs",
	.hint = "it is built where libsystemd-dev is installed",
};

bool scope_has_worker(void)
{
	return libexec_has(&worker);
}

/* Where the systemd of this user keeps its units: above us, if we are in its session. */
static void guess_manager_path(const struct cgroup_layout *layout, char out[CGROUP_PATH_MAX])
{
	out[0] = '\0';
	for (size_t i = 0; i < layout->len; i++) {
		const struct cgroup_hierarchy *h = &layout->hierarchies[i];
		const char *at = h->is_v2 ? strstr(h->self_path, "/user@") : NULL;
		if (at == NULL)
			continue;
		size_t len = (size_t)(strchrnul(at + 1, '/') - h->self_path);
		memcpy(out, h->self_path, len);
		out[len] = '\0';
	}
}

static int add_properties(const struct scope_wish *wish, struct scope_request *request,
			  struct err *err)
{
	struct strv *list = &request->properties;
	bool is_v2 = wish->layout->mode == CGROUP_V2;
	AUTO_FREE char *description = mem_printf("container %s", wish->id);
	property_add(list, "Description", "s", description);
	property_add(list, "Slice", "s", request->scope.slice);
	property_add_bool(list, "Delegate", true);
	property_add_bool(list, "DefaultDependencies", false);
	property_add_bool(list, "CPUAccounting", true);
	property_add_bool(list, "MemoryAccounting", true);
	property_add_bool(list, "TasksAccounting", true);
	property_add_bool(list, is_v2 ? "IOAccounting" : "BlockIOAccounting", true);
	if (property_add_limits(list, wish->limits, is_v2, NULL, err) < 0 ||
	    (!is_v2 && property_add_devices(list, wish->limits, err) < 0))
		return -1;
	return wish->annotations != NULL ? property_add_annotations(list, wish->annotations, err)
					 : 0;
}

int scope_prepare(const struct scope_wish *wish, struct scope_request *out,
		  char out_path[CGROUP_PATH_MAX], struct err *err)
{
	AUTO(struct scope_request, scope_request_done) request = { 0 };
	char manager_path[CGROUP_PATH_MAX] = "";
	bool is_user = scope_is_user();
	if (check_systemd(err) < 0)
		return -1;
	request.libexec_path = libexec_find(err);
	if (request.libexec_path == NULL || libexec_check(request.libexec_path, &worker, err) < 0)
		return -1;
	if (is_user && wish->layout->mode != CGROUP_V2)
		return err_set(err, ERR_UNSUPPORTED,
			       "--systemd-cgroup without root needs cgroup v2");
	if (is_user)
		guess_manager_path(wish->layout, manager_path);
	if (scope_parse(wish->cgroups_path, wish->id, is_user, &request.scope, err) < 0 ||
	    add_properties(wish, &request, err) < 0 ||
	    scope_resolve_path(&request.scope, manager_path, out_path, err) < 0)
		return -1;
	*out = request;
	request = (struct scope_request){ 0 };
	return 0;
}

/* --- the worker --- */

static int pack(const char *verb, const struct scope *scope, const struct strv *properties,
		struct buf *out, struct err *err)
{
	const char *const head[] = { verb, scope->is_user ? "user" : "system", scope->unit };
	for (size_t i = 0; i < ARRAY_LEN(head); i++)
		buf_add(out, head[i], strlen(head[i]) + 1);
	for (size_t i = 0; properties != NULL && i < properties->len; i++)
		buf_add(out, properties->items[i], strlen(properties->items[i]) + 1);
	if (out->len > SCOPE_REQUEST_MAX ||
	    (properties != NULL && properties->len > PROPERTIES_MAX))
		return err_set(err, ERR_INVALID, "too many properties for systemd (%zu bytes)",
			       out->len);
	return 0;
}

/* libsystemd finds the buses by these; the worker gets no other variable. */
static void add_environment(struct strv *env)
{
	static const char *const names[] = { "DBUS_SESSION_BUS_ADDRESS", "XDG_RUNTIME_DIR",
					     "DBUS_SYSTEM_BUS_ADDRESS" };
	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		const char *value = getenv(names[i]);
		if (value != NULL && value[0] != '\0')
			strv_add_take(env, mem_printf("%s=%s", names[i], value));
	}
}

static int spawn(const char *libexec_path, struct process_child *out, int *out_sock_fd,
		 struct err *err)
{
	int pair[2];
	AUTO(struct strv, strv_done) env = { 0 };
	char *const argv[] = { program_name, NULL };
	char *const none[] = { NULL };
	AUTO_FD null_fd = open("/dev/null", O_RDWR | O_CLOEXEC);
	if (null_fd < 0)
		return err_sys(err, "open /dev/null");
	if (sock_pair(pair, err) < 0)
		return -1;
	AUTO_FD ours = pair[0];
	AUTO_FD theirs = pair[1];
	AUTO_FREE char *path = mem_printf("%s/" SCOPE_WORKER_NAME, libexec_path);
	add_environment(&env);
	int fds[] = { null_fd, null_fd, STDERR_FILENO, theirs };
	if (process_spawn(path, argv, env.items != NULL ? env.items : none, fds, ARRAY_LEN(fds),
			  out, err) < 0)
		return -1;
	*out_sock_fd = fd_take(&ours);
	return 0;
}

/* @return 1 when there is something to read, 0 after the time */
static int wait_readable(int fd, unsigned timeout_ms)
{
	uint64_t end_ns = clock_monotonic_ns() + (uint64_t)timeout_ms * NS_PER_MS;
	struct pollfd poll_fd = { .fd = fd, .events = POLLIN };
	for (;;) {
		uint64_t now_ns = clock_monotonic_ns();
		int left_ms = now_ns < end_ns ? (int)((end_ns - now_ns) / NS_PER_MS) : 0;
		int n = poll(&poll_fd, 1, left_ms);
		if (n >= 0 || errno != EINTR)
			return n > 0 ? 1 : 0;
	}
}

static int converse(int sock_fd, const struct buf *request, struct scope_reply *out,
		    struct err *err)
{
	if (sock_send(sock_fd, request->data, request->len, -1, err) < 0)
		return -1;
	if (!wait_readable(sock_fd, SCOPE_TIMEOUT_MS))
		return err_set(err, ERR_REMOTE, "no answer in %d s", SCOPE_TIMEOUT_MS / 1000);
	ssize_t n = sock_recv(sock_fd, out, sizeof(*out), NULL, err);
	if (n < 0)
		return -1;
	if (n != (ssize_t)sizeof(*out))
		return err_set(err, ERR_REMOTE, SCOPE_WORKER_NAME " ended without a word");
	/* It is a worker's word: whole strings, whatever it is. */
	out->path[sizeof(out->path) - 1] = '\0';
	out->err.text[sizeof(out->err.text) - 1] = out->err.hint[sizeof(out->err.hint) - 1] = '\0';
	if (out->err.kind == ERR_NONE)
		return 0;
	if (err != NULL)
		*err = out->err;
	return -1;
}

static int ask(const char *verb, const struct scope *scope, const struct strv *properties,
	       const char *libexec_path, struct scope_reply *out, struct err *err)
{
	AUTO(struct buf, buf_done) request = { 0 };
	struct process_child child = { .pidfd = -1 };
	struct process_exit ignored;
	AUTO_FD sock_fd = -1;
	if (pack(verb, scope, properties, &request, err) < 0 ||
	    spawn(libexec_path, &child, &sock_fd, err) < 0)
		return -1;
	int rc = converse(sock_fd, &request, out, err);
	if (rc < 0)
		process_signal(child.pidfd, SIGKILL, NULL);
	process_wait(child.pidfd, &ignored, NULL);
	fd_close(&child.pidfd);
	return rc == 0 ? 0 : err_context(err, "systemd unit %s", scope->unit);
}

static int ask_later(const char *verb, const struct scope *scope, const struct strv *properties,
		     struct err *err)
{
	struct scope_reply reply;
	AUTO_FREE char *libexec_path = libexec_find(err);
	if (libexec_path == NULL || libexec_check(libexec_path, &worker, err) < 0)
		return -1;
	return ask(verb, scope, properties, libexec_path, &reply, err);
}

int scope_start(const struct scope_request *request, pid_t pid, char out_path[CGROUP_PATH_MAX],
		struct err *err)
{
	struct scope_reply reply;
	AUTO(struct strv, strv_done) properties = { 0 };
	AUTO_FREE char *pid_text = mem_printf("%d", (int)pid);
	property_add(&properties, "PIDs", "au", pid_text);
	strv_add_all(&properties, &request->properties);
	if (ask(SCOPE_VERB_START, &request->scope, &properties, request->libexec_path, &reply,
		err) < 0)
		return -1;
	if (reply.path[0] != '/' || reply.path[1] == '\0')
		return err_set(err, ERR_REMOTE, "systemd unit %s: it has no control group",
			       request->scope.unit);
	memcpy(out_path, reply.path, sizeof(reply.path));
	return 0;
}

int scope_update(const struct scope *scope, const struct cgroup_limits *limits,
		 const struct cgroup *cgroup, struct err *err)
{
	AUTO(struct strv, strv_done) properties = { 0 };
	bool is_v2 = cgroup->layout->mode == CGROUP_V2;
	if (property_add_limits(&properties, limits, is_v2, cgroup, err) < 0 ||
	    (!is_v2 && property_add_devices(&properties, limits, err) < 0))
		return -1;
	return properties.len > 0 ? ask_later(SCOPE_VERB_SET, scope, &properties, err) : 0;
}

int scope_join(const struct scope *scope, pid_t pid, struct err *err)
{
	AUTO(struct strv, strv_done) words = { 0 };
	strv_add_take(&words, mem_printf("%d", (int)pid));
	return ask_later(SCOPE_VERB_JOIN, scope, &words, err);
}

int scope_stop(const struct scope *scope, struct err *err)
{
	return ask_later(SCOPE_VERB_STOP, scope, NULL, err);
}
