/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * The one error type. Fixed size and no heap, so that it crosses the memory shared by the
 * boot processes, and a socket, whole.
 *
 * A fallible function returns an int (0 or -1), an fd (or -1) or a pointer (or NULL) and takes
 * `struct err *err` last; `err` may be NULL where the caller does not care. On failure no output
 * parameter is touched. Lower floors never print: the face prints once.
 */
#include "base/attr.h"

#include <stdbool.h>
#include <stddef.h>

enum err_kind {
	ERR_NONE,
	ERR_SYSTEM,      /* the kernel said no: errnum says what */
	ERR_INVALID,     /* the caller's input is wrong */
	ERR_NOT_FOUND,   /* the object named does not exist */
	ERR_CONFLICT,    /* the object exists, is in use, or is locked */
	ERR_UNSUPPORTED, /* this kernel, machine or build cannot do it */
	ERR_REMOTE,      /* another process or host failed */
	ERR_DENIED,      /* a host refused who we are: credentials missing or wrong */
};

#define ERR_TEXT_MAX 1024
#define ERR_HINT_MAX 256

struct err {
	enum err_kind kind;
	int errnum;              /* errno value, 0 if none */
	char text[ERR_TEXT_MAX]; /* outermost context first: "create container x: mount /proc: ..."
				  */
	char hint[ERR_HINT_MAX]; /* what the user can do; empty when there is nothing to say */
};

/** Set kind and text. @return -1, so that `return err_set(...)` reads well. */
int err_set(struct err *err, enum err_kind kind, const char *fmt, ...) PRINTF_LIKE(3, 4);

/** Set ERR_SYSTEM from errno, ": strerror(errno)" appended. Keeps errno. @return -1 */
int err_sys(struct err *err, const char *fmt, ...) PRINTF_LIKE(2, 3);

/** As err_sys, of a system call that a kernel or a filter around us may not have: a hint names it
 *  then (ENOSYS). @return -1 */
int err_call(struct err *err, const char *call, const char *fmt, ...) PRINTF_LIKE(3, 4);

/** As err_sys with an explicit error number (positive). @return -1 */
int err_num(struct err *err, int errnum, const char *fmt, ...) PRINTF_LIKE(3, 4);

/** Put "text: " in front of an error that is already set. Keeps kind, errnum, hint. @return -1 */
int err_context(struct err *err, const char *fmt, ...) PRINTF_LIKE(2, 3);

/** Add a hint unless one is set: the innermost place knows best. @return -1 */
int err_hint(struct err *err, const char *fmt, ...) PRINTF_LIKE(2, 3);

/** Back to "no error". NULL-safe. */
void err_clear(struct err *err);

/** @return true if an error is set. NULL-safe (false). */
bool err_is_set(const struct err *err);

/** @return the kind's name for machines: "system", "invalid", ... Static storage. */
const char *err_kind_name(enum err_kind kind);

#ifdef __clang_analyzer__
/* The analyzer does not see into err.c: without this it goes on where these have returned. */
#define err_set(...)     (err_set(__VA_ARGS__), -1)
#define err_sys(...)     (err_sys(__VA_ARGS__), -1)
#define err_call(...)    (err_call(__VA_ARGS__), -1)
#define err_num(...)     (err_num(__VA_ARGS__), -1)
#define err_context(...) (err_context(__VA_ARGS__), -1)
#define err_hint(...)    (err_hint(__VA_ARGS__), -1)
#endif
