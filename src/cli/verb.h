/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* Verbs: one row per command, from which parsing, help, man pages and completion follow. */
#include "cli/option.h"
#include "engine/engine.h"

/** What every verb gets: the global options, and the engine once it is asked for. */
struct cli {
	char *root_path, *run_path; /* NULL: the defaults */
	struct engine engine;
	bool is_engine_open;
};

/** Open the engine at its first use. It is closed when the verb has returned. @return NULL, err */
struct engine *cli_engine(struct cli *cli, struct err *err);

/** The same for a verb that can do without a store: others than root get an engine without one. */
struct engine *cli_engine_bare(struct cli *cli, struct err *err);

struct verb {
	const char *name;        /* "run"; "image prune" for a verb that only a noun has */
	const char *operands;    /* as in usage: "IMAGE [COMMAND] [ARG...]"; NULL: none */
	const char *summary;     /* one line, imperative, no full stop */
	const char *details;     /* paragraphs for the man page, separated by an empty line; NULL */
	const char *examples;    /* lines "$ command" with their explanation; NULL */
	const char *exit_status; /* NULL: the usual text */
	struct option_tables options;

	size_t input_size;         /* of the struct the options are parsed into; 0: none */
	void (*init)(void *input); /* after zeroing; may be NULL */
	void (*done)(void *input); /* may be NULL */

	unsigned operands_min, operands_max; /* OPERANDS_ANY */
	bool stop_at_operand;
	bool is_hidden;
	int failure_status; /* exit status when it fails; 0: by the kind of error */
	enum option_complete complete_operands;

	/**
	 * Do it. Output goes to stdout by cli/output.h.
	 * @return exit status; or -1 with err set, which is printed and exits with the kind's
	 * status
	 */
	int (*run)(struct cli *cli, void *input, const struct strv *operands, struct err *err);
};
#define OPERANDS_ANY (~0u)

/** Rows of the verb table, one per file src/cli/VERB.c. */
extern const struct verb verb_commit, verb_completion, verb_diff, verb_explain, verb_export,
	verb_history, verb_image_mount, verb_image_prune, verb_image_tree, verb_image_unmount,
	verb_images, verb_import, verb_info, verb_inspect, verb_load, verb_login, verb_logout,
	verb_man, verb_pack, verb_ps, verb_pull, verb_rm, verb_rmi, verb_run, verb_save,
	verb_system_check, verb_system_df, verb_tag, verb_version;

/** The table, in alphabetical order, NULL at the end. */
extern const struct verb *const verb_table[];

/** The words that stand in front of verbs: `image prune`, and `image ls`, which is `images`. */
struct verb_noun {
	const char *name;    /* "image" */
	const char *about;   /* what its verbs are about: "images"; NULL: it has none yet */
	const char *missing; /* Docker's verbs that are not there yet, separated by spaces */
};
extern const struct verb_noun verb_nouns[]; /* in alphabetical order; ends with name NULL */

/** @return the noun of this name, or NULL; also one that has no verbs yet */
const struct verb_noun *verb_noun_find(const char *name);

/** A verb as a noun has it: `ls` of image, which is verb_images. */
struct verb_member {
	const char *name;
	const struct verb *verb;
};
#define VERB_MEMBERS_MAX 48

/** All verbs of a noun, by name. @return how many */
size_t verb_noun_members(const struct verb_noun *noun, struct verb_member out[VERB_MEMBERS_MAX]);

/** Names under which Docker's users know a verb: `container ls` is `ps`. */
struct verb_alias {
	const char *noun;   /* "container", or NULL for an alias of the top level */
	const char *name;   /* "ls" */
	const char *verb;   /* "ps" */
	const char *preset; /* argument that comes with it, or NULL */
};
extern const struct verb_alias verb_aliases[]; /* ends with name NULL */

/** @return the verb of this name ("run", "image prune"), or NULL */
const struct verb *verb_find(const char *name);

struct verb_match {
	const struct verb *verb;      /* NULL: the help of a noun is asked for */
	const struct verb_noun *noun; /* then this is it */
	const char *preset;           /* an argument that the alias stands for, or NULL */
	size_t used;                  /* how many words name it */
};

/**
 * Find the verb that `words` (at least one) begin with, through aliases and nouns.
 * @return 0; -1 with ERR_UNSUPPORTED for a verb of Docker's that is not there yet, or ERR_INVALID
 */
int verb_lookup(char *const *words, struct verb_match *out, struct err *err);

/** "onggi run [OPTIONS] IMAGE [COMMAND] [ARG...]" */
void verb_add_usage(struct buf *out, const struct verb *verb);

/** Name of its manual page: "onggi-image-prune" */
void verb_add_page(struct buf *out, const struct verb *verb);

/** The global options: --root, --run-root, --help, --version. Parsed into struct cli_globals. */
struct cli_globals {
	char *root_path, *run_path;
	bool wants_version;
};
extern const struct option_tables cli_global_options;

/** Run the command line. @return exit status */
int cli_main(char *const *args);
