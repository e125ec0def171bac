/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* Processes are (pid, pidfd): a pid alone may already belong to somebody else. */
#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/** What a borrowing child does; it does not return. */
typedef void process_body(void *context);

/** clone3(2) arguments we use; see process_clone. */
struct process_clone {
	uint64_t flags; /* CLONE_NEW*, CLONE_PARENT, ... */
	int cgroup_fd;  /* v2 directory for CLONE_INTO_CGROUP, or -1 */
	int out_pidfd;  /* filled in the parent: owned pidfd */
	bool no_signal; /* send no SIGCHLD at exit */
	bool is_apart;  /* process_borrow: share no memory after all */
};

/**
 * Fork with clone3: the child returns 0 and runs on, with its own copy of our memory. Only for
 * single-threaded processes. Without clone3 (Linux < 5.3, or a seccomp filter that says ENOSYS)
 * clone(2) with CLONE_PIDFD does the same; then `cgroup_fd` must be -1 and CLONE_NEWTIME is
 * refused (ERR_UNSUPPORTED). With CLONE_PARENT the exit signal is the caller's own.
 *
 * @return pid in the parent, 0 in the child, -1 on error
 * Source: clone(2)
 */
pid_t process_fork(struct process_clone *clone, struct err *err);

/**
 * As process_fork, but the child runs `run` on our own memory while we wait, and cannot return from
 * it: it ends, or executes a program. Nothing is copied. Where that is not to be had (elsewhere
 * than on x86-64, under a sanitizer, or without clone3) it is a fork all the same, and what the
 * child wrote is lost. Nobody who may trace the child must be less than we are: it can write to our
 * memory.
 *
 * @return its pid once it has ended or executed a program; not reaped. -1 on error
 */
pid_t process_borrow(struct process_clone *clone, process_body *run, void *context,
		     struct err *err);

/**
 * Fork by clone(2) a child of our parent. The plainest of calls, which filters know, and no
 * descriptor. @return as process_fork
 */
pid_t process_fork_sibling(struct err *err);

struct process_exit {
	bool is_signaled;
	int status; /* exit status, or the signal's number */
	bool core_dumped;
};

/** 0-255 as a shell shows it: the status, or 128 + signal. */
int process_exit_code(const struct process_exit *exit);

/**
 * Wait for a child by pidfd and reap it.
 * Source: waitid(2) P_PIDFD; Linux >= 5.4
 */
int process_wait(int pidfd, struct process_exit *out, struct err *err);

/** Send a signal by pidfd. A process that is gone already is no error. */
int process_signal(int pidfd, int signal, struct err *err);

struct process_child {
	pid_t pid;
	int pidfd; /* owned */
};

/** Most descriptors that process_spawn passes. */
#define PROCESS_SPAWN_FDS_MAX 64

struct process_program {
	const char *path;  /* absolute */
	char *const *argv; /* NULL at the end */
	char *const *envp; /* NULL at the end */
	const int *fds;    /* what it has as 0, 1, 2, ... */
	size_t fds_len;
	bool is_led; /* a process group of its own, which can be ended whole; dies with the caller
		      */
};

/** As process_spawn, with all there is to say about the program. */
int process_spawn_program(const struct process_program *program, struct process_child *out,
			  struct err *err);

/**
 * Start a program with exactly the descriptors in `fds` as 0, 1, 2, ...; everything else closed.
 * The child's signal mask is empty and all dispositions are the default. Cheap even from a large
 * process (vfork-style), and safe in one with threads.
 *
 * @path   absolute path of the program
 * @return 0, or -1 (the exec error is reported here, not in the child)
 */
int process_spawn(const char *path, char *const argv[], char *const envp[], const int *fds,
		  size_t fds_len, struct process_child *out, struct err *err);
