/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Memory that never fails: running out of it ends the process with exit status 125, because no
 * container engine does anything sensible afterwards and every untested error path is a risk.
 */
#include "base/attr.h"

#include <stddef.h>

/** Print "onggi: <why>" to stderr and end the process with status 125. */
void mem_die(const char *why) NORETURN;

/** Zeroed memory for `count` items of `size` bytes; free() it. Never NULL. */
void *mem_alloc(size_t count, size_t size) MUST_USE;

/** realloc that never fails. */
void *mem_realloc(void *old, size_t size) MUST_USE;

/** Copies; free() them. NULL stays NULL. */
char *mem_strdup(const char *text) MUST_USE;
char *mem_strndup(const char *text, size_t len) MUST_USE;
void *mem_dup(const void *data, size_t len) MUST_USE;

/** An owned formatted string. */
char *mem_printf(const char *fmt, ...) PRINTF_LIKE(1, 2) MUST_USE;
