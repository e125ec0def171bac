/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* A plan in words, without running it. */
#include "base/buf.h"
#include "runtime/boot/plan.h"

/** Numbered sentences, one per row, each with the shell commands that would do the same. */
void boot_explain_text(const struct boot_plan *plan, struct buf *out);

/** The same as a JSON array of {process, number, step, argument, means, breaks, shell}. */
void boot_explain_json(const struct boot_plan *plan, struct buf *out);

/** The whole step table as a Markdown table: the boot page of the documentation is made of it. */
void boot_table_markdown(struct buf *out);
