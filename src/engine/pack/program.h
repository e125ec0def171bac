/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* A program and all it needs to start: an ELF file with its libraries, or a script with its
 * interpreters. */
#include "base/err.h"
#include "base/strv.h"
#include "engine/pack/libs.h"
#include "engine/pack/tree.h"

struct pack_programs {
	struct pack_tree *tree;  /* borrowed */
	struct pack_libs *libs;  /* borrowed */
	const char *search_path; /* borrowed; where names without a slash are looked for */
	struct strv seen;        /* paths in the tree that are done */
	struct strv directories; /* of programs that were found by name */
	const char *goarch;      /* of the first ELF program; static storage */
};
void pack_programs_done(struct pack_programs *programs);

/** The absolute path of a program: a path, or a name to be found in search_path.
 *  @return owned, or NULL (ERR_NOT_FOUND) */
char *pack_program_locate(const struct pack_programs *programs, const char *name, struct err *err);

/** Add a program (absolute path) and what it needs. */
int pack_program_add(struct pack_programs *programs, const char *path, const struct pack_why *why,
		     struct err *err);

/** Remember the directory of a program that is found by its name: the image's PATH gets it. */
void pack_program_note_directory(struct pack_programs *programs, const char *path);

/** Add what a file of the tree needs if it is an ELF file of this machine: for files that were
 *  added as data. What cannot be found is a warning. */
int pack_program_add_closure(struct pack_programs *programs, const struct pack_entry *entry,
			     struct err *err);
