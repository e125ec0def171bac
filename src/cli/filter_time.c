/* SPDX-License-Identifier: Apache-2.0 */
/* Moments as filters name them: until=24h, until=2026-01-02T15:04:05. */
#include "base/clock.h"
#include "base/mem.h"
#include "cli/listing.h"
#include "format/duration.h"
#include "format/number.h"

#include <string.h>

#define NS_PER_S 1000000000u

/* "2026-01-02", "2026-01-02T15:04": what is left out is the beginning, in UTC. */
static int parse_date(const char *text, uint64_t *out_ns)
{
	static const char rest[] = "0000-01-01T00:00:00Z";
	size_t len = strlen(text);
	if (len != 10 && len != 13 && len != 16 && len != 19)
		return -1;
	AUTO_FREE char *whole = mem_printf("%s%s", text, rest + len);
	return clock_parse_rfc3339(whole, out_ns);
}

int filter_time(const char *text, uint64_t *out_ns, struct err *err)
{
	uint64_t ago_ns, seconds_billionths, now_ns = clock_realtime_ns();
	if (clock_parse_rfc3339(text, out_ns) == 0 || parse_date(text, out_ns) == 0)
		return 0;
	/* A number alone is a time stamp, with a unit it is a span; as Docker has it. */
	if (number_parse_billionths(text, UINT64_MAX / NS_PER_S - 1, &seconds_billionths, NULL) ==
	    0) {
		*out_ns = seconds_billionths;
		return 0;
	}
	if (duration_parse(text, &ago_ns, NULL) < 0) {
		err_set(err, ERR_INVALID, "invalid time '%s'", text);
		return err_hint(err, "a span as 24h or 90m, a date as 2026-01-31T12:00:00Z, or "
				     "seconds since 1970");
	}
	*out_ns = now_ns > ago_ns ? now_ns - ago_ns : 0;
	return 0;
}
