/* SPDX-License-Identifier: Apache-2.0 */
#include "base/mem.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

void mem_die(const char *why)
{
	dprintf(STDERR_FILENO, "onggi: %s\n", why);
	_exit(125);
}

void *mem_alloc(size_t count, size_t size)
{
	void *p = calloc(count > 0 ? count : 1, size > 0 ? size : 1);
	if (p == NULL)
		mem_die("out of memory");
	return p;
}

void *mem_realloc(void *old, size_t size)
{
	void *p = realloc(old, size > 0 ? size : 1);
	if (p == NULL)
		mem_die("out of memory");
	return p;
}

char *mem_strdup(const char *text)
{
	return text != NULL ? mem_strndup(text, strlen(text)) : NULL;
}

char *mem_strndup(const char *text, size_t len)
{
	if (text == NULL)
		return NULL;
	char *copy = mem_alloc(len + 1, 1);
	size_t n = strnlen(text, len);
	memcpy(copy, text, n);
	return copy;
}

void *mem_dup(const void *data, size_t len)
{
	void *copy = mem_alloc(1, len);
	if (len > 0)
		memcpy(copy, data, len);
	return copy;
}

char *mem_printf(const char *fmt, ...)
{
	va_list ap;
	va_start(ap, fmt);
	char *text = NULL;
	int n = vasprintf(&text, fmt, ap);
	va_end(ap);
	if (n < 0)
		mem_die("out of memory");
	return text;
}
