/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * onggi-runtime: the command line that engines expect of an OCI runtime, that is runc's. Errors go
 * where runc puts them, and every failure has the status 1: engines tell statuses of payloads from
 * failures by the log.
 */
#include "cli/option.h"
#include "runtime/bundle/verbs.h"

#define OCI_PROGRAM    "onggi-runtime"
#define OCI_STATE_PATH "/run/onggi-runtime"
#define OCI_FAILED     1
#define OCI_NO_COMMAND 3

struct oci_globals {
	char *root_path; /* never NULL once the options are read */
	char *log_path;
	char *log_format;
	char *rootless;
	char *criu;           /* for checkpoint and restore */
	char *cgroup_manager; /* crun's; "systemd" is systemd_cgroup */
	struct rights rights;
	bool debug, wants_version, systemd_cgroup;
	enum bundle_cgroups cgroups; /* what the two say */
};
extern const struct option_tables oci_global_options;

struct oci_verb {
	const char *name, *operands, *summary;
	const char *details; /* paragraphs for the manual page, separated by an empty line */
	struct option_tables options;
	size_t input_size;
	void (*done)(void *input); /* may be NULL */
	unsigned operands_len;     /* exactly so many; or at least, with */
	unsigned operands_max;     /* 0: exactly operands_len */
	bool stops_at_operand;     /* what follows the operands belongs to a program */
	int failed_status;         /* 0: OCI_FAILED */
	const char *failed_what;   /* put in front of errors; NULL: nothing */
	bool is_hidden;

	/** @return exit status; or -1 with err set */
	int (*run)(const struct oci_globals *globals, void *input, const struct strv *operands,
		   struct err *err);
};

/** One file each. */
extern const struct oci_verb oci_checkpoint, oci_restore;
extern const struct oci_verb oci_completion, oci_create, oci_delete, oci_events, oci_exec,
	oci_features, oci_kill, oci_list, oci_man, oci_pause, oci_ps, oci_resume, oci_run, oci_spec,
	oci_start, oci_state, oci_update;

/** In alphabetical order, NULL at the end. */
extern const struct oci_verb *const oci_verbs[];

/** Run the command line. @return exit status */
int oci_main(char *const *args);

/** What the global options say about all containers. */
struct bundle_home oci_home(const struct oci_globals *globals);

/* log.c */

/** Open what --log names, and take over --log-format. @return 0; -1 for an unknown format */
int oci_log_open(const struct oci_globals *globals, struct err *err);

/** An error: to the log if there is one, and to stderr. */
void oci_log_error(const struct err *err);

/** For warn_to(); and for what --debug asks for. */
void oci_log_warning(const char *text);
void oci_log_debug(const char *text);

/* help.c */

/** "Usage: ..." of everything, and of one verb. */
void oci_help_program(struct buf *out, unsigned width);
void oci_help_verb(struct buf *out, const struct oci_verb *verb, unsigned width);
