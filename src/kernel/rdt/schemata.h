/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "kernel/rdt/rdt.h"

#include "base/buf.h"

/** The text for the schemata file, each line ended: L3 and memory bandwidth first, then the rest.
 *  Lines about memory bandwidth in the L3 schema yield to the memory schema. */
void schemata_format(const struct rdt *rdt, struct buf *out);

/**
 * Does `present`, the content of a schemata file, give every domain that the L3 and memory schemas
 * name the value they say? Blanks, leading zeros and the order do not matter.
 */
bool schemata_match(const struct rdt *rdt, const char *present);
