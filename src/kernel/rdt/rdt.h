/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Shares of the processor caches and of the memory bandwidth (Intel RDT, AMD QoS): a class of
 * service is a directory of the resctrl file system, with a schemata file that says which parts of
 * each resource it has, and a tasks file that says who is in it.
 * Source: Documentation/filesystems/resctrl.rst; OCI runtime-spec config-linux.md "IntelRdt"
 */
#include "base/err.h"
#include "base/strv.h"

#include <stdbool.h>
#include <sys/types.h>

struct rdt {
	bool is_set;
	char *class_id;       /* owned; directory of the class; "/": the root class */
	bool is_own_class;    /* named after the container: made and removed with it */
	bool monitors;        /* a monitoring group named `group_id` in the class */
	char *group_id;       /* owned */
	char *l3_schema;      /* owned; "L3:0=7f0;1=1f", or NULL */
	char *memory_schema;  /* owned; "MB:0=20;1=70", or NULL */
	struct strv schemata; /* more lines, written after those */
};

void rdt_done(struct rdt *rdt);

/** Are class and schemas what they may be? ERR_INVALID says what is wrong. */
int rdt_check(const struct rdt *rdt, struct err *err);

/** Open the root of the mounted resctrl file system. @return owned fd; -1 ERR_UNSUPPORTED if none
 *  is mounted */
int rdt_open(struct err *err);

/**
 * Put a process into its class, making and filling the class where the configuration asks for it.
 * What was made is removed again when a later part fails.
 *
 * @root_fd  rdt_open's
 * @return 0; -1 ERR_NOT_FOUND (a class without schemas must be there), ERR_CONFLICT (it is there
 *         with other schemas), ERR_INVALID (the kernel refuses a schema), ERR_SYSTEM
 */
int rdt_place(int root_fd, const struct rdt *rdt, pid_t pid, struct err *err);

/** Put a further process where rdt_place has put the first one. */
int rdt_join(int root_fd, const struct rdt *rdt, pid_t pid, struct err *err);

/** Give a class that there is other shares: only the L3 and the memory schema of `rdt` are looked
 * at.
 *  @return 0; -1 ERR_NOT_FOUND (no such class), ERR_INVALID (the kernel refuses a schema) */
int rdt_update(int root_fd, const struct rdt *rdt, struct err *err);

/** What rdt_place makes for this container alone: its own class, or its monitoring group.
 *  @return owned path below the root of resctrl; NULL: nothing */
char *rdt_own_group(const struct rdt *rdt);

/** Remove such a group. One that is gone already, or was never made, is no error. */
int rdt_remove(int root_fd, const char *own_group, struct err *err);
