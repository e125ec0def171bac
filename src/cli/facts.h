/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* Verbs that show one JSON object of facts, as lines or by a template. */
#include "base/err.h"

struct json_object;

/** The machine's architecture by OCI's name: "amd64". Static storage, or as the kernel says it. */
const char *facts_architecture(void);

/** Kernel release, "6.1.0". Static storage. */
const char *facts_kernel(void);

/**
 * Print: with `format` NULL `text`, with "json" the object on one line, else what the template
 * makes of it.
 */
int facts_print(struct json_object *facts, const char *text, const char *format, struct err *err);
