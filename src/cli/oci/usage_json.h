/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

#include "base/buf.h"
#include "kernel/cgroup/usage.h"

/** The `data` of a stats event, with the member names engines know, appended. */
void oci_usage_json(const struct cgroup_usage *usage, struct buf *out);
