/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Containers of bundles, and what an OCI runtime does with them: one function for each verb, one
 * file for each function. No process of ours stays: what is known about a container is its record
 * (bundle/record.h) and what the kernel says about its processes.
 * Source: OCI runtime-spec runtime.md "Lifecycle", "Operations"
 */
#include "base/buf.h"
#include "base/err.h"
#include "kernel/cgroup/cgroup.h"
#include "oci/spec.h"
#include "runtime/boot/boot.h"
#include "runtime/bundle/rights.h"
#include "runtime/checkpoint/options.h"

#include <stdbool.h>
#include <sys/types.h>

/** The version of the specification that we follow. */
#define BUNDLE_OCI_VERSION "1.3.0"

/** Who makes the control groups of new containers. */
enum bundle_cgroups {
	BUNDLE_CGROUPS_OURS,    /* we do, in the tree itself */
	BUNDLE_CGROUPS_SYSTEMD, /* systemd, as units: linux.cgroupsPath is slice:prefix:name */
	BUNDLE_CGROUPS_NONE,    /* nobody: they stay in the caller's */
};

/** What the caller says about all containers. */
struct bundle_home {
	enum bundle_cgroups cgroups;
	const char *state_path;          /* where locks and records are; made if missing */
	struct rights rights;            /* what the caller may have */
	boot_exec_diagnose *diagnose;    /* NULL: errors of execve(2) are told as they are */
	void (*debug)(const char *line); /* told each step with its time; NULL: nobody asks */
};

struct bundle_create_options {
	const char *id;
	const char *bundle_path;
	const char *config_name;    /* NULL: config.json */
	const char *pid_file;       /* NULL: none */
	const char *console_socket; /* NULL: none; needed for a terminal without us beside it */
	const char *pidfd_socket;   /* NULL: none; is sent the pidfd of the first process */
	unsigned preserve_fds;      /* descriptors after 2 that the payload keeps */
	bool no_pivot;              /* chroot(2) instead of pivot_root(2) */
	bool no_new_keyring;
	bool detach;                              /* run: leave when it runs */
	bool keep;                                /* run: the record stays when it has ended */
	const struct checkpoint_options *restore; /* run: from images; NULL: its program begins */
};

/**
 * Make a container, up to the moment before its program: that is bundle_start().
 * @return 0; -1 ERR_CONFLICT when the id is in use, ERR_INVALID or ERR_UNSUPPORTED for a
 *         configuration that cannot be had, else what failed: nothing is left then
 */
int bundle_create(const struct bundle_home *home, const struct bundle_create_options *options,
		  struct err *err);

/** Let its program begin. Returns when it has, or tells why not: the container has stopped then. */
int bundle_start(const struct bundle_home *home, const char *id, struct err *err);

/**
 * Both, and attend to it until its end; detached, until its beginning.
 * @out_exit_code  the payload's as a shell shows it (0 when detached); written on success only
 */
int bundle_run(const struct bundle_home *home, const struct bundle_create_options *options,
	       int *out_exit_code, struct err *err);

/**
 * Save the processes of a container by CRIU. It is taken away then as by bundle_delete(), unless
 * the options leave it running.
 * @return 0; -1 ERR_CONFLICT (it does not run), ERR_UNSUPPORTED (no CRIU, a too old one, or a
 *         configuration that it cannot save), ERR_REMOTE with what CRIU says: the container goes on
 */
int bundle_checkpoint(const struct bundle_home *home, const char *id,
		      const struct checkpoint_options *options, struct err *err);

struct bundle_exec_options {
	const char *id;
	const char *process_json; /* file with a process object; NULL: what follows changes that of
				     the configuration */
	struct strv args, env;    /* env: added */
	const char *cwd, *user;   /* NULL: the configuration's; user is "uid[:gid]" */
	struct strv additional_gids;
	struct strv caps; /* added to those of the configuration */
	const char *apparmor, *process_label;
	bool no_new_privs, has_no_new_privs;
	struct strv cgroups; /* "[controllers:]path" below the container's own */
	bool tty, detach, ignore_paused;
	unsigned preserve_fds;
	const char *pid_file, *console_socket, *pidfd_socket;
};

/** A further process in the container. @out_exit_code as for bundle_run() */
int bundle_exec(const struct bundle_home *home, const struct bundle_exec_options *options,
		int *out_exit_code, struct err *err);

/**
 * Send a signal to the first process, or with `all` to every process.
 * @return 0; -1 ERR_CONFLICT "container not running"
 */
int bundle_kill(const struct bundle_home *home, const char *id, int signal, bool all,
		struct err *err);

/**
 * Take away everything that is left of a container that has stopped, or has not begun; with `force`
 * of any, killing it, and one that does not exist is fine.
 */
int bundle_delete(const struct bundle_home *home, const char *id, bool force, struct err *err);

enum bundle_status {
	BUNDLE_CREATING,
	BUNDLE_CREATED,
	BUNDLE_RUNNING,
	BUNDLE_PAUSED,
	BUNDLE_STOPPED,
};

/** "creating", "created", ...: the specification's words, and "paused". */
const char *bundle_status_name(enum bundle_status status);

/** One container as `state` and `list` show it. */
struct bundle_summary {
	char *oci_version, *id, *bundle, *rootfs;
	char *created; /* RFC 3339 */
	pid_t pid;     /* 0: stopped */
	uid_t owner;
	enum bundle_status status;
	struct strv annotations;
};
void bundle_summary_done(struct bundle_summary *summary);

/** @return 0; -1 ERR_NOT_FOUND */
int bundle_state(const struct bundle_home *home, const char *id, struct bundle_summary *out,
		 struct err *err);

/** All of them, sorted by id. *out is an array of *out_len, each to be done, then free()d. */
int bundle_list(const struct bundle_home *home, struct bundle_summary **out, size_t *out_len,
		struct err *err);

/** Freeze or thaw all processes. Being so already is ERR_CONFLICT, as for runc. */
int bundle_pause(const struct bundle_home *home, const char *id, struct err *err);
int bundle_resume(const struct bundle_home *home, const char *id, struct err *err);

/** The ids of its processes as we see them, sorted: *out is an owned array.
 *  @return 0; -1 ERR_NOT_FOUND, ERR_UNSUPPORTED (no control group) */
int bundle_ps(const struct bundle_home *home, const char *id, pid_t **out, size_t *out_len,
	      struct err *err);

struct bundle_update_options {
	struct cgroup_limits limits;
	char *l3_schema, *memory_schema; /* owned; lines for resctrl, or NULL */
};

/** Change limits while it runs: what `options` leaves out stays. One that is in no class of resctrl
 *  gets one of its own for a schema. */
int bundle_update(const struct bundle_home *home, const char *id,
		  const struct bundle_update_options *options, struct err *err);

struct cgroup_usage;

struct bundle_events_options {
	uint64_t interval_ns;
	bool once; /* the statistics of this moment, and no more */

	/* Told of statistics, or with NULL that the kernel ended a process for want of memory;
	 * -1 ends it. */
	int (*tell)(void *context, const struct cgroup_usage *usage, struct err *err);
	void *context;
};

/** Observe a container until it ends. @return 0; -1 ERR_CONFLICT "... is not running" */
int bundle_events(const struct bundle_home *home, const char *id,
		  const struct bundle_events_options *options, struct err *err);
