/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * CRIU as a child of ours, and the worker that speaks its protocol beside it. CRIU is started by us
 * and not by the worker, because what it restores becomes its sibling: a child of ours, whose end
 * we can wait for.
 * Source: criu(8) swrk; https://criu.org/RPC
 */
#include "base/err.h"
#include "base/strv.h"
#include "runtime/checkpoint/protocol.h"
#include "sys/process.h"

#include <sys/types.h>

/** All that we ask for is there since this version (2021). */
#define CRIU_VERSION_MIN 31600

/** The programs. criu_done() it. */
struct criu {
	char *program;      /* CRIU itself */
	char *libexec_path; /* where the worker is */
};
void criu_done(struct criu *criu);

/**
 * Find them, and ask CRIU for its version.
 * @program  path of CRIU, or its name in PATH; NULL: "criu"
 * @return 0; -1 ERR_UNSUPPORTED saying what is missing or too old, with a hint what to do
 */
int criu_find(const char *program, struct criu *out, struct err *err);

/** Does the kernel have what CRIU needs for an option? @feature  "mem_track" or "lazy_pages"
 *  @return 0; -1 ERR_UNSUPPORTED */
int criu_check_feature(const struct criu *criu, const char *feature, struct err *err);

/** Is the worker there? */
bool criu_has_worker(void);

/** How CRIU is started. */
struct criu_start {
	const int *fds; /* its 0, 1, 2; then what is 4 and up. Borrowed */
	size_t fds_len; /* at least 3 */
	/* In a process group of its own: what interrupts us does not end it half-way through a
	 * dump, and it notices that we are gone. A restore may need the caller's (--shell-job). */
	bool is_apart;
	/* Called in the new process, in a mount namespace of its own; NULL: it shares ours. */
	int (*prepare)(void *context, struct err *err);
	void *context;
};

/** A conversation. criu_session_end() it. */
struct criu_session {
	pid_t pid; /* of CRIU */
	int pidfd;
	struct process_child worker;
	int control_fd;
	bool is_refused; /* we told CRIU to give up: its log has no reason */
};
#define CRIU_SESSION_INIT                                                                          \
	{                                                                                          \
		.pidfd = -1, .worker = { .pidfd = -1 }, .control_fd = -1                           \
	}

/** Start CRIU and the worker; nothing is asked yet. @return 0, -1: nothing is left */
int criu_session_begin(const struct criu *criu, const struct criu_start *start,
		       struct criu_session *out, struct err *err);

/**
 * Told what CRIU is about to do or has done.
 * @fd  came along (taken by making it -1); else -1
 * @return 0; -1: CRIU shall give up
 */
typedef int criu_note(void *context, const struct criu_event *event, int *fd, struct err *err);

/**
 * Ask, and wait for the result. Its fd numbers are those of our process, but for inherited ones.
 * @on_note  may be NULL
 * @return 0 with the result; -1 what on_note said, or ERR_REMOTE with CRIU's first error, if it
 *         told one
 */
int criu_session_ask(struct criu_session *session, const struct strv *request, criu_note *on_note,
		     void *context, struct criu_event *out, struct err *err);

/** Wait for the end of both. */
void criu_session_end(struct criu_session *session);

/** The first error in CRIU's log. @return owned line; NULL: there is none */
char *criu_log_error(int dir_fd, const char *name);
