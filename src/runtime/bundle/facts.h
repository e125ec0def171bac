/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* What is known about a container beside what the kernel says: the content of its record. */
#include "base/buf.h"
#include "base/err.h"
#include "base/strv.h"
#include "runtime/scope/scope.h"
#include "sys/process_mark.h"

#include <stdbool.h>
#include <sys/types.h>

#define FACTS_MAX_BYTES (4u << 20)

struct record_facts {
	char *oci_version, *bundle, *rootfs, *created; /* owned */
	char *cgroup_path;                             /* below each hierarchy; NULL: none */
	char *class_group; /* its own in resctrl, below the root of that; NULL: none */
	struct scope unit; /* systemd's, if it made the control group; its slice is not kept */
	uid_t owner;
	struct process_mark init;
	struct process_mark monitor; /* of a container in the foreground: it takes it away */
	bool has_chroot;             /* --no-pivot: its root is not that of its mount namespace */
	bool no_new_keyring;         /* --no-new-keyring: for further processes, too */
	bool has_poststart, has_poststop; /* hooks: else nobody needs to read the configuration */
	bool is_restored; /* from a checkpoint: into a time namespace, whatever is configured */
	bool shares_pids; /* no pid namespace of its own: the others outlive the first process */
	struct strv annotations;
};

void facts_done(struct record_facts *facts);

/** As a JSON document, appended. */
void facts_format(const struct record_facts *facts, const char *id, struct buf *out);

/** The same read. @what  names the document in errors. @out  facts_done() it. @return 0 or -1 */
int facts_parse(const struct buf *text, const char *what, struct record_facts *out,
		struct err *err);
