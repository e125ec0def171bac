/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* What checkpoint and restore tell CRIU alike. */
#include "runtime/bundle/bundle.h"
#include "runtime/bundle/rights.h"
#include "runtime/checkpoint/images.h"

/** May this caller use CRIU? @return 0; -1 ERR_UNSUPPORTED */
int criu_options_check_rights(const struct rights *rights, struct err *err);

/** Append what both say: directories, what is allowed, whose control groups. */
void criu_options_add(const struct checkpoint_options *options, const struct images *images,
		      const struct spec *spec, struct strv *request);

/** The key of an external namespace in the images, or NULL: CRIU joins it by its path instead.
 *  Source: criu(8) --external net[inode]:name */
const char *criu_options_namespace_key(enum ns_type type);
