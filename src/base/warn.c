/* SPDX-License-Identifier: Apache-2.0 */
#include "base/warn.h"

#include "base/digest.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define WARN_REMEMBER 32

static warn_sink *current_sink;

/* The texts already said, by digest; a full table lets repeats through rather than grow. */
static bool first_time(const char *text)
{
	static char said[WARN_REMEMBER][DIGEST_HEX_SIZE];
	static size_t said_len;
	char hex[DIGEST_HEX_SIZE];
	digest_of(text, strlen(text), hex);
	for (size_t i = 0; i < said_len; i++)
		if (strcmp(said[i], hex) == 0)
			return false;
	if (said_len < WARN_REMEMBER)
		memcpy(said[said_len++], hex, sizeof(hex));
	return true;
}

warn_sink *warn_to(warn_sink *sink)
{
	warn_sink *before = current_sink;
	current_sink = sink;
	return before;
}

void warn_pass_on(const char *text)
{
	if (current_sink != NULL)
		current_sink(text);
}

void warn_say(const char *fmt, ...)
{
	if (current_sink == NULL)
		return;
	char text[512];
	va_list ap;
	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	if (first_time(text))
		current_sink(text);
}
