/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* Completion scripts: what the tables of a program say, for the shells of its users. */
#include "base/buf.h"
#include "base/err.h"
#include "cli/option.h"

struct shell_verb {
	const char *name; /* "run"; "image ls" for one that stands under a noun */
	const char *summary;
	const struct option_tables *options;
	enum option_complete complete_operands;
	const char *operand_words; /* for COMPLETE_WORDS */
	bool stops_at_operand;
};

struct shell_program {
	const char *name;   /* "onggi" */
	const char *prefix; /* of the script's functions: "_onggi" */
	const struct option_tables *globals;
	const struct shell_verb *verbs;
	size_t verbs_len;
	const char *list_containers; /* a shell command, without redirections; NULL: nothing */
	const char *list_images;     /* likewise */
};

/** Append the script for bash, zsh or fish. @return 0; -1 ERR_INVALID for any other */
int shells_add_script(struct buf *out, const struct shell_program *program, const char *shell,
		      struct err *err);
