/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * The step table: one row per step. Everything that is said about a step comes from here: errors,
 * traces, explanations, fault injection, the boot page of the documentation.
 */
#include "runtime/boot/plan.h"

struct boot;

struct boot_step {
	enum boot_proc proc;
	const char *name; /* "pivot root" */
	int (*run)(struct boot *boot, const struct boot_op *op, struct err *err);
	/* The argument, short ("proc on /proc"); NULL: none. */
	void (*describe)(const struct boot_plan *plan, const struct boot_op *op, struct buf *out);
	/* Shell commands that would do the same; NULL: no shell can. */
	void (*shell)(const struct boot_plan *plan, const struct boot_op *op, struct buf *out);
	const char *means;  /* one plain sentence; "%s" is the argument */
	const char *breaks; /* what breaks if the step moves */
};

/** The table's row. */
const struct boot_step *boot_step(enum boot_step_id id);
