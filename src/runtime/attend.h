/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Attending to a foreground container: bytes between the caller's terminal or pipes and the
 * container's, signals, window size, and in the end its exit status.
 */
#include "base/err.h"
#include "runtime/boot/boot.h"
#include "runtime/stdio.h"
#include "sys/process.h"

#include <signal.h>
#include <stdbool.h>

/** Block every signal that attend() handles; call before the boot, so that none is lost or kills
 *  us half-way. The former mask goes to *saved. */
void attend_block_signals(sigset_t *saved);
void attend_restore_signals(const sigset_t *saved);

/**
 * Prepare the payload's input and output, and start it.
 * @return as boot_start()
 */
int attend_start(struct boot *boot, struct stdio *stdio, const struct stdio_options *wanted,
		 struct err *err);

/** Something else to attend to meanwhile. */
struct attend_watch {
	int fd; /* -1: no longer */
	/* There is something to read. */
	void (*ready)(struct attend_watch *watch, void *context);
	void *context;
};

/**
 * Until the payload ends. Signals are passed on to it; with `sig_proxy` false SIGINT, SIGTERM and
 * SIGHUP end it instead. The caller's terminal is in raw mode meanwhile if the container has one.
 */
int attend(struct boot *boot, struct stdio *stdio, bool sig_proxy, struct process_exit *out,
	   struct err *err);

/** The same, with something to watch beside it; signals are passed on. */
int attend_watching(struct boot *boot, struct stdio *stdio, struct attend_watch *watch,
		    struct process_exit *out, struct err *err);
