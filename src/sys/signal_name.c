/* SPDX-License-Identifier: Apache-2.0 */
#include "sys/signal_name.h"

#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>
#include <strings.h>

/* Up to three digits and nothing else; -1 if it is something else. */
static int parse_number(const char *text)
{
	int value = 0;
	size_t len = strlen(text);
	if (len == 0 || len > 3 || strspn(text, "0123456789") != len)
		return -1;
	for (; *text != '\0'; text++)
		value = value * 10 + (*text - '0');
	return value <= SIGRTMAX ? value : -1;
}

static int parse_realtime(const char *text)
{
	bool is_min = strncasecmp(text, "RTMIN", 5) == 0;
	if (!is_min && strncasecmp(text, "RTMAX", 5) != 0)
		return -1;
	int base = is_min ? SIGRTMIN : SIGRTMAX;
	text += 5;
	if (*text == '\0')
		return base;
	int offset = *text == (is_min ? '+' : '-') ? parse_number(text + 1) : -1;
	if (offset < 0 || offset > SIGRTMAX - SIGRTMIN)
		return -1;
	return is_min ? base + offset : base - offset;
}

int signal_by_name(const char *text)
{
	int number = parse_number(text);
	if (number >= 0)
		return number;
	if (strncasecmp(text, "SIG", 3) == 0)
		text += 3;
	for (number = 1; number < SIGRTMIN; number++) {
		const char *name = sigabbrev_np(number);
		if (name != NULL && strcasecmp(name, text) == 0)
			return number;
	}
	static const struct {
		const char *name;
		int number;
	} others[] = { { "IOT", SIGABRT }, { "CLD", SIGCHLD }, { "POLL", SIGPOLL } };
	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
		if (strcasecmp(others[i].name, text) == 0)
			return others[i].number;
	return parse_realtime(text);
}
