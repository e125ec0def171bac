/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* The state document that hooks (and listeners of a filter) read. */
#include "runtime/bundle/record.h"

/** @return owned JSON text. Source: OCI runtime-spec runtime.md "State" */
char *document_of(const struct record *record, const char *status, pid_t pid);
