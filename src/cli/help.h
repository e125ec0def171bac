/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* What the tables say, for people: --help and the manual pages. */
#include "base/buf.h"
#include "cli/verb.h"

/** `onggi --help`, for a terminal of `width` columns. */
void help_add_program(struct buf *out, unsigned width);

/** `onggi VERB --help`. */
void help_add_verb(struct buf *out, const struct verb *verb, unsigned width);

/** The manual pages onggi(1) and onggi-VERB(1), in man(7) roff. */
void man_add_program(struct buf *out);
void man_add_verb(struct buf *out, const struct verb *verb);
