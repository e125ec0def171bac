/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A seccomp filter with a listener: whoever listens must have its descriptor before the payload
 * runs. Once the filter is loaded no system call of the inner process is certain to come back (any
 * may be denied, or wait for a listener that nobody has yet), so from then on the two processes
 * talk over the board: the parent takes the descriptor out of the inner process, and passes it on.
 * Kernel: 5.6 (pidfd_getfd).
 */
#include "runtime/boot/step_functions.h"

#include "base/clock.h"
#include "base/json_write.h"
#include "base/mem.h"
#include "kernel/seccomp/seccomp.h"
#include "sys/fd.h"
#include "sys/sock.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#define PASSED_TIMEOUT_NS (30 * UINT64_C(1000000000))
#define LOOK_NS           50000 /* how often the parent looks at the board */
#define SPINS_PER_LOOK    4096  /* how often the inner process looks at the clock */

static void spin(void)
{
#if defined(__x86_64__) || defined(__i386__)
	__builtin_ia32_pause();
#elif defined(__aarch64__)
	__asm__ volatile("yield");
#endif
}

/* No system call: the clock is read from the vDSO. */
static int await_passed(struct boot *boot, struct err *err)
{
	uint64_t end_ns = clock_monotonic_ns() + PASSED_TIMEOUT_NS;
	for (unsigned i = 1; !atomic_load(&boot->board->listener_is_passed); i++) {
		if (i % SPINS_PER_LOOK == 0 && clock_monotonic_ns() > end_ns)
			return err_set(err, ERR_REMOTE, "nobody took the listener");
		spin();
	}
	return 0;
}

/* An ordinary user may take a descriptor only out of a process that can be traced. We can be where
 * nobody else is yet: in a pid namespace of our own. Root does not need it. */
static int let_parent_take(const struct boot *boot, struct err *err)
{
	const struct spec_namespace *pid_ns = &boot->spec->namespaces[NS_PID];
	bool is_alone = boot->plan->target == NULL && pid_ns->is_used && pid_ns->path == NULL;
	if (!boot->plan->options->is_unprivileged || !is_alone)
		return 0;
	return prctl(PR_SET_DUMPABLE, 1, 0, 0, 0) < 0 ? err_sys(err, "become dumpable") : 0;
}

int inner_load_listening_seccomp(struct boot *boot, const struct seccomp_program *program,
				 struct err *err)
{
	struct boot_packet packet = { .message = BOOT_MSG_LISTENER };
	if (sock_send(boot->child_sock, &packet, sizeof(packet), -1, err) < 0)
		return -1;
	/* The last wait that costs nothing: the agent is connected when it ends. */
	if (boot_await_go(boot, err) < 0 || let_parent_take(boot, err) < 0)
		return -1;
	int fd = seccomp_install_listening(program, err);
	if (fd < 0)
		return -1;
	atomic_store(&boot->board->listener_number, fd + 1);
	/* The descriptor itself stays until the exec: closing it is a system call. */
	return await_passed(boot, err);
}

/* What a poll of the socket says besides: the inner process is gone. */
static int await_listener(struct boot *boot, struct err *err)
{
	const struct timespec pause = { .tv_nsec = LOOK_NS };
	while (atomic_load(&boot->board->listener_number) == 0) {
		struct pollfd peer = { .fd = boot->parent_sock, .events = POLLIN };
		if (ppoll(&peer, 1, &pause, NULL) > 0)
			return err_set(err, ERR_REMOTE, "the inner process has ended");
	}
	int theirs = atomic_load(&boot->board->listener_number) - 1;
	int fd = (int)syscall(SYS_pidfd_getfd, boot->pidfd, theirs, 0);
	return fd < 0 ? err_sys(err, "take the listener from the inner process") : fd;
}

static int connect_to(const char *path, struct err *err)
{
	int fd = sock_connect(path, err);
	return fd >= 0 ? fd : err_context(err, "failed to connect with seccomp agent at %s", path);
}

/* Source: OCI runtime-spec config-linux.md "The Container Process State" */
static void format_state(struct boot *boot, struct buf *out)
{
	const struct boot_options *options = boot->plan->options;
	const char *metadata = boot->spec->seccomp.listener_metadata;
	AUTO_FREE char *state = options->hook_state(options->hook_context, "creating", boot->pid);
	buf_add_char(out, '{');
	json_add_str(out, "ociVersion", SPEC_OCI_VERSION);
	json_add_key(out, "fds");
	buf_add_str(out, "[\"seccompFd\"]");
	json_add_int(out, "pid", boot->pid);
	if (metadata != NULL && metadata[0] != '\0')
		json_add_str(out, "metadata", metadata);
	json_add_key(out, "state");
	buf_add_str(out, state);
	buf_add_char(out, '}');
}

int parent_pass_listener(struct boot *boot, const struct boot_op *op UNUSED, struct err *err)
{
	struct boot_packet packet;
	AUTO(struct buf, buf_done) state = { 0 };
	ssize_t n = boot_recv(boot, &packet, NULL, err);
	if (n < 0)
		return -1;
	if (n != (ssize_t)sizeof(packet) || packet.message != BOOT_MSG_LISTENER)
		return err_set(err, ERR_REMOTE, "the inner process ended before its filter");
	AUTO_FD agent_fd = connect_to(boot->spec->seccomp.listener_path, err);
	if (agent_fd < 0 || boot_send_go(boot, err) < 0)
		return -1;
	AUTO_FD listener_fd = await_listener(boot, err);
	if (listener_fd < 0)
		return -1;
	format_state(boot, &state);
	if (sock_send_stream(agent_fd, state.data, state.len, listener_fd, err) < 0)
		return err_context(err, "send the listener");
	atomic_store(&boot->board->listener_is_passed, true);
	return 0;
}
