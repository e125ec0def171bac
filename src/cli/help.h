/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* What the tables say, for people: --help and the manual pages. */
#include "base/buf.h"
#include "cli/verb.h"

/** `onggi --help`, for a terminal of `width` columns. */
void help_add_program(struct buf *out, unsigned width);

/** `onggi VERB --help`. */
void help_add_verb(struct buf *out, const struct verb *verb, unsigned width);

/** `onggi NOUN --help`. */
void help_add_noun(struct buf *out, const struct verb_noun *noun, unsigned width);

#define HELP_WIDTH_MAX 110 /* longer lines are hard to read */

/** Append words of `text`, which begins at `column`, wrapped at `width`; lines after the first are
 * indented by `indent`. */
void help_add_wrapped(struct buf *out, const char *text, unsigned column, unsigned indent,
		      unsigned width);

/** The options of some tables by their groups, each with its heading; `heading` is for those
 * without. */
void help_add_options(struct buf *out, const struct option_tables *options, const char *heading,
		      unsigned width);

/** Parts of a manual page: its beginning up to the name, options, and text in paragraphs. */
void man_add_title(struct buf *out, const char *name, const char *summary);
void man_add_options(struct buf *out, const struct option_tables *options);
void man_add_paragraphs(struct buf *out, const char *text);

/** Plain text into roff: backslashes, minus signs, and dots or quotes at the start of a line. */
void man_add_text(struct buf *out, const char *text);

/** The manual pages onggi(1), onggi-NOUN(1) and onggi-VERB(1), in man(7) roff. */
void man_add_program(struct buf *out);
void man_add_noun(struct buf *out, const struct verb_noun *noun);
void man_add_verb(struct buf *out, const struct verb *verb);
