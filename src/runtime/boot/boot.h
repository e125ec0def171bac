/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Running a plan. boot_start() returns when the payload has been exec'ed (or could not be); the
 * caller then attends to the process (runtime/attend.h), and ends with boot_stop() and boot_done().
 */
#include "base/err.h"
#include "kernel/cgroup/cgroup.h"
#include "kernel/root/root.h"
#include "runtime/boot/plan.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/** One executed step, for the trace. */
struct boot_span {
	uint8_t proc;              /* enum boot_proc */
	uint16_t op;               /* index in the plan's list of that process */
	bool is_done;              /* false: began, did not come back */
	uint64_t start_ns, end_ns; /* CLOCK_MONOTONIC */
};

#define BOOT_WARNINGS_SIZE 2048

/**
 * The board: memory that the three processes share until the exec. Errors and the trace are
 * written here, so that nothing has to be sent, and a killed child still shows where it was. A
 * container may have the right to trace the child and write to it: what is read is read once, and
 * checked.
 */
struct boot_board {
	struct err err;
	atomic_bool has_failed;
	uint8_t failed_proc; /* enum boot_proc */
	uint16_t failed_op;
	int exit_code;                     /* 125, 126, 127: Docker's meaning */
	uint16_t begun[BOOT_PROC_COUNT];   /* number of rows each process has begun */
	char cgroup_path[CGROUP_PATH_MAX]; /* of a unit of systemd's, when it is made */
	atomic_int listener_number; /* of the inner process's seccomp listener, plus 1; 0: none */
	atomic_bool listener_is_passed; /* to its agent: the inner process may go on */
	pid_t entered_pid; /* the inner process in the container's pid namespace; 0: not yet */
	char warnings[BOOT_WARNINGS_SIZE]; /* of the children, each with its final zero */
	uint16_t warnings_len; /* in bytes; the outer process is gone before inner warns */
	atomic_uint spans_len;
	struct boot_span spans[];
};

/** Explains an execve(2) that failed; runs inside the container. @return 126 or 127 */
typedef int boot_exec_diagnose(int root_fd, const char *path, const struct strv *env, int errnum,
			       struct err *err);

/** What became of a network device of the host. */
enum boot_lending { BOOT_NOT_LENT, BOOT_LENT_DOWN, BOOT_LENT_UP };

struct boot {
	const struct boot_plan *plan;
	const struct spec *spec;
	const struct cgroup_layout *layout;
	boot_exec_diagnose *diagnose;

	struct boot_board *board; /* shared mapping */
	size_t board_size;
	uint32_t spans_capacity; /* 0: no trace */

	/* parent */
	struct cgroup cgroup;
	bool has_cgroup;
	bool is_out_of_reach;            /* the cgroup, for our own clone: see inner_join_scope */
	bool has_class;                  /* in resctrl */
	enum boot_lending *lent_devices; /* per network device of the spec, owned; NULL: none yet */
	bool has_unit;                   /* systemd was asked for one */
	int root_fd;                     /* the root's mount, detached until inner attaches it */
	int *source_fds; /* per spec mount: detached clone of a bind's source, or what outer has
			    mounted; or -1 */
	int ns_fds[NS_COUNT]; /* joined namespaces */
	int parent_sock, child_sock;
	int stdio_fds[3]; /* what the payload gets; borrowed, -1 with a console */
	int console_fd;   /* master, owned; -1 */
	pid_t pid;
	int pidfd; /* owned */
	pid_t outer_pid;
	int outer_pidfd;

	/* found by STEP_FIND_USER, else the spec's */
	uid_t uid;
	gid_t gid;
	gid_t *groups;
	size_t groups_len;
	char *home; /* owned; NULL: not looked up */

	/* inner */
	enum boot_proc me;
	int proc_fd;    /* own procfs */
	int own_fds_fd; /* own /proc/self/fd, where the /proc that is seen is a container's; -1 */
	bool is_in_cwd; /* entered with the rights of root: the user need not have any */
	int console_slave_fd;
	int proc_mount_fd;                        /* the procfs on the container's /proc; -1 */
	bool is_proc_covered, has_looked_at_proc; /* a hook mounted over it */
	int null_fd; /* the container's own /dev/null; -1: it has none of ours */
	struct root_masks masks;
	char *program;           /* resolved path of the payload */
	int start_fd, result_fd; /* where we wait for our start, and tell how it went; -1 */
};

/** Prepare; nothing is done yet. `trace` reserves room for the spans of the whole plan. */
int boot_init(struct boot *boot, const struct boot_plan *plan, const struct cgroup_layout *layout,
	      bool trace, struct err *err);

/**
 * Run the plan up to the exec of the payload.
 * @return 0: it runs (pid, pidfd, console_fd are set); -1: the error names process and step,
 *         board->exit_code says how to exit; no process of ours is left
 */
int boot_start(struct boot *boot, struct err *err);

/** It goes on without us: close everything, and keep the board. */
void boot_leave(struct boot *boot);

/** Kill what is left inside, remove the cgroup, close everything. Keeps the board and its trace. */
void boot_stop(struct boot *boot);

/** Release the board and whatever is open. */
void boot_done(struct boot *boot);

/* For the step functions. */

/** Run the rows of one process from row `first` on, recording each on the board. */
int boot_run_ops(struct boot *boot, enum boot_proc proc, size_t first, struct err *err);

/** The life of a freshly cloned child: its rows, then (never returning) exec or exit. */
void boot_child_main(struct boot *boot, enum boot_proc proc) NORETURN;

/** A boot that failed: take back the network devices it has moved. Best effort, with warnings. */
void boot_return_devices(struct boot *boot);

/** Remove what the container has made in resctrl, if it has. Best effort. */
void boot_leave_class(struct boot *boot);

struct boot_packet;

/** The parent's end of the boot socket, as sock_recv. Where the configuration has hooks, which may
 *  take for ever, a signal that would end us ends the wait. */
ssize_t boot_recv(struct boot *boot, struct boot_packet *packet, int *out_fd, struct err *err);

/** Parent: let the inner process go on. It hears which pid it has as the host sees it. */
int boot_send_go(struct boot *boot, struct err *err);

/** Inner: wait for that. boot->pid is set. @return 0; -1 ERR_REMOTE when the parent is gone */
int boot_await_go(struct boot *boot, struct err *err);

/** STEP_AWAIT_EXEC: wait until the payload's exec closed the child's end of the socket. */
int boot_await_exec(struct boot *boot, struct err *err);

/** The child ended without a word: say which step it was at. @return -1 */
int boot_describe_death(struct boot *boot, struct err *err);

/**
 * Clone the inner process with the plan's namespaces, straight into its cgroup where that works.
 * @extra_flags  CLONE_PARENT when the outer process calls
 * @return its pid, *out_pidfd owned; the child does not return
 */
pid_t boot_clone_inner(struct boot *boot, uint64_t extra_flags, int *out_pidfd, struct err *err);

/**
 * Start the inner process that enters a container; it borrows our memory where it can.
 * @return its pid, boot->outer_pid with outer_pidfd: it has ended, and its successor is
 *         board->entered_pid
 */
pid_t boot_start_entering(struct boot *boot, struct err *err);

/** Messages over the boot socket. */
enum boot_message {
	BOOT_MSG_GO = 1,   /* parent to inner: id maps and cgroup are ready */
	BOOT_MSG_CONSOLE,  /* inner to parent: with the master fd */
	BOOT_MSG_LISTENER, /* inner to parent: the filter is loaded next; see the board */
	BOOT_MSG_BUILT,    /* inner to parent: mounts are there, hooks may run */
	BOOT_MSG_INNER,    /* outer to parent: with the pidfd; pid follows */
	BOOT_MSG_CREATED,  /* inner to parent: nothing is left but the start */
};
struct boot_packet {
	uint32_t message; /* enum boot_message */
	int32_t pid;
};
