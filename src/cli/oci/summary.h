/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* How state and list show a container. */
#include "base/buf.h"
#include "runtime/bundle/verbs.h"

/** As an object, with runc's member names, appended. */
void oci_summary_json(const struct bundle_summary *summary, struct buf *out);

/** Name of a user of the host, or its number; owned. */
char *oci_user_name(uid_t uid);
