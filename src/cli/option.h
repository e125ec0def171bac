/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Command line options as tables. A row says how an option is spelled, what it takes, where the
 * value goes and what it is for; the parser, --help, the man pages and the shell completions all
 * read the same rows. Grammar as Docker's: --name=value, --name value, -nvalue, -n=value,
 * -n value, flags joined (-it), --flag=false, "--" ends the options.
 */
#include "base/buf.h"
#include "base/err.h"
#include "base/strv.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum option_type {
	OPTION_FLAG,    /* bool */
	OPTION_STRING,  /* char *, owned: the last use wins */
	OPTION_LIST,    /* struct strv: each use appends */
	OPTION_REST,    /* struct strv: takes all words that follow (long form only) */
	OPTION_INT,     /* int */
	OPTION_VALUE,   /* struct cgroup_value (an int64_t that may be absent) */
	OPTION_BYTES,   /* struct cgroup_value of a size: "512m" */
	OPTION_CUSTOM,  /* whatever set() makes of it */
	OPTION_REFUSED, /* known by name, so that the error can say more than "unknown flag" */
};

/** What a shell offers as the value. */
enum option_complete {
	COMPLETE_NOTHING,
	COMPLETE_FILES,
	COMPLETE_DIRECTORIES,
	COMPLETE_CONTAINERS,
	COMPLETE_IMAGES,
	COMPLETE_WORDS, /* the row's `words` */
};

struct option_row;

/**
 * Take one use of a custom option.
 * @target  the verb's input struct; the row's `offset` says which member
 * @value   text given, or the row's `implied` text
 */
typedef int option_set(const struct option_row *row, void *target, const char *value,
		       struct err *err);

struct option_row {
	const char *name; /* long name without dashes; NULL ends a table */
	char letter;      /* 0: none */
	enum option_type type;
	const char *argument; /* placeholder in help, "list"; NULL for flags */
	const char *implied;  /* value of a bare --name when the argument may be left out */
	const char *group;    /* heading in help; NULL: the verb's first group */
	const char *help;     /* one sentence, no full stop */
	size_t offset;        /* of the member in the target */
	option_set *set;      /* OPTION_CUSTOM */
	unsigned extra;       /* for set(): whatever it likes */
	bool is_hidden;       /* not in help: accepted for compatibility */
	enum option_complete complete;
	const char *words; /* space separated, for COMPLETE_WORDS and for the man page */
};

/** Up to three tables that a verb's options come from, NULL for the rest. */
#define OPTION_TABLES_MAX 3
struct option_tables {
	const struct option_row *tables[OPTION_TABLES_MAX];
};

/** Loop over each row of all tables, in order. */
#define OPTION_EACH(row, list)                                                                     \
	for (size_t t_ = 0; t_ < OPTION_TABLES_MAX && (list)->tables[t_] != NULL; t_++)            \
		for (const struct option_row *row = (list)->tables[t_]; row->name != NULL; row++)

/** @return the row of a long name, or NULL */
const struct option_row *option_find(const struct option_tables *options, const char *name,
				     size_t len);

enum option_outcome { OPTION_PARSED, OPTION_WANTS_HELP };

/**
 * Parse arguments into `target`; operands are appended to `operands`. --help (and -h where no
 * option has that letter) stops with OPTION_WANTS_HELP.
 *
 * @command          full name for messages: "onggi run"
 * @stop_at_operand  the first operand ends the options: what follows belongs to a container
 * @return enum option_outcome, or -1 ERR_INVALID ("unknown flag: --x"), ERR_UNSUPPORTED
 */
int option_parse(const struct option_tables *options, const char *command, bool stop_at_operand,
		 char *const *args, void *target, struct strv *operands, struct err *err);

/** How messages name an option: "-m, --memory" or "--cpus". */
void option_add_name(struct buf *out, const struct option_row *row);
