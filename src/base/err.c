/* SPDX-License-Identifier: Apache-2.0 */
#include "base/err.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#undef err_set
#undef err_sys
#undef err_call
#undef err_num
#undef err_context
#undef err_hint

PRINTF_LIKE(4, 0)
static void err_fill(struct err *err, enum err_kind kind, int errnum, const char *fmt, va_list ap)
{
	memset(err, 0, sizeof(*err));
	err->kind = kind;
	err->errnum = errnum;
	int n = vsnprintf(err->text, sizeof(err->text), fmt, ap);
	if (errnum != 0 && n >= 0 && (size_t)n < sizeof(err->text))
		snprintf(err->text + n, sizeof(err->text) - (size_t)n, ": %s", strerror(errnum));
}

int err_set(struct err *err, enum err_kind kind, const char *fmt, ...)
{
	if (err == NULL)
		return -1;
	va_list ap;
	va_start(ap, fmt);
	err_fill(err, kind, 0, fmt, ap);
	va_end(ap);
	return -1;
}

int err_sys(struct err *err, const char *fmt, ...)
{
	int saved = errno;
	if (err == NULL)
		return -1;
	va_list ap;
	va_start(ap, fmt);
	err_fill(err, ERR_SYSTEM, saved, fmt, ap);
	va_end(ap);
	errno = saved;
	return -1;
}

int err_call(struct err *err, const char *call, const char *fmt, ...)
{
	int errnum = errno;
	char text[ERR_TEXT_MAX];
	va_list ap;
	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	err_num(err, errnum, "%s", text);
	if (errnum == ENOSYS)
		err_hint(err, "the kernel has no %s(2), or a filter around us denies it", call);
	errno = errnum;
	return -1;
}

int err_num(struct err *err, int errnum, const char *fmt, ...)
{
	if (err == NULL)
		return -1;
	va_list ap;
	va_start(ap, fmt);
	err_fill(err, ERR_SYSTEM, errnum, fmt, ap);
	va_end(ap);
	return -1;
}

int err_context(struct err *err, const char *fmt, ...)
{
	if (err == NULL)
		return -1;
	char inner[ERR_TEXT_MAX];
	memcpy(inner, err->text, sizeof(inner));
	va_list ap;
	va_start(ap, fmt);
	int n = vsnprintf(err->text, sizeof(err->text), fmt, ap);
	va_end(ap);
	if (n >= 0 && (size_t)n < sizeof(err->text))
		snprintf(err->text + n, sizeof(err->text) - (size_t)n, ": %s", inner);
	return -1;
}

int err_hint(struct err *err, const char *fmt, ...)
{
	if (err == NULL || err->hint[0] != '\0')
		return -1;
	va_list ap;
	va_start(ap, fmt);
	vsnprintf(err->hint, sizeof(err->hint), fmt, ap);
	va_end(ap);
	return -1;
}

void err_clear(struct err *err)
{
	if (err != NULL)
		memset(err, 0, sizeof(*err));
}

bool err_is_set(const struct err *err)
{
	return err != NULL && err->kind != ERR_NONE;
}

const char *err_kind_name(enum err_kind kind)
{
	static const char *const names[] = {
		[ERR_NONE] = "none",         [ERR_SYSTEM] = "system",
		[ERR_INVALID] = "invalid",   [ERR_NOT_FOUND] = "not-found",
		[ERR_CONFLICT] = "conflict", [ERR_UNSUPPORTED] = "unsupported",
		[ERR_REMOTE] = "remote",     [ERR_DENIED] = "denied",
	};
	return (size_t)kind < ARRAY_LEN(names) ? names[kind] : "unknown";
}
