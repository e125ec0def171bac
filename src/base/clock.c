/* SPDX-License-Identifier: Apache-2.0 */
#include "base/clock.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

static uint64_t clock_ns(clockid_t id)
{
	struct timespec now;
	clock_gettime(id, &now);
	return (uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec;
}

uint64_t clock_monotonic_ns(void)
{
	return clock_ns(CLOCK_MONOTONIC);
}

uint64_t clock_realtime_ns(void)
{
	return clock_ns(CLOCK_REALTIME);
}

void clock_format_rfc3339(uint64_t realtime_ns, char out[CLOCK_RFC3339_SIZE])
{
	time_t seconds = (time_t)(realtime_ns / 1000000000u);
	struct tm utc;
	gmtime_r(&seconds, &utc);
	size_t n = strftime(out, CLOCK_RFC3339_SIZE, "%Y-%m-%dT%H:%M:%S", &utc);
	snprintf(out + n, CLOCK_RFC3339_SIZE - n, ".%09uZ", (unsigned)(realtime_ns % 1000000000u));
}

/* "Z" or "+09:00", in seconds east of UTC. */
static int parse_zone(const char *text, int *out_s)
{
	int hours, minutes, end = 0;
	if (strcmp(text, "Z") == 0 || strcmp(text, "z") == 0) {
		*out_s = 0;
		return 0;
	}
	if ((text[0] != '+' && text[0] != '-') ||
	    sscanf(text + 1, "%2d:%2d%n", &hours, &minutes, &end) != 2 || end != 5 ||
	    text[6] != '\0' || hours < 0 || minutes < 0)
		return -1;
	*out_s = (hours * 60 + minutes) * 60 * (text[0] == '-' ? -1 : 1);
	return 0;
}

int clock_parse_rfc3339(const char *text, uint64_t *out_realtime_ns)
{
	struct tm tm = { 0 };
	int end = 0, zone_s;
	if (sscanf(text, "%4d-%2d-%2d%*1[Tt]%2d:%2d:%2d%n", &tm.tm_year, &tm.tm_mon, &tm.tm_mday,
		   &tm.tm_hour, &tm.tm_min, &tm.tm_sec, &end) != 6 ||
	    end != 19)
		return -1;
	uint64_t fraction_ns = 0;
	const char *next = text + end;
	if (*next == '.') {
		uint64_t unit_ns = 100000000;
		for (next++; *next >= '0' && *next <= '9'; next++, unit_ns /= 10)
			fraction_ns += (uint64_t)(*next - '0') * unit_ns;
	}
	if (parse_zone(next, &zone_s) < 0)
		return -1;
	tm.tm_year -= 1900;
	tm.tm_mon -= 1;
	long long seconds = (long long)timegm(&tm) - zone_s;
	*out_realtime_ns = seconds < 0 ? 0 : (uint64_t)seconds * 1000000000u + fraction_ns;
	return 0;
}
