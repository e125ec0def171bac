/* SPDX-License-Identifier: Apache-2.0 */
/* How long ago, in words. The steps are Docker's, because scripts and eyes know them. */
#include "format/ago.h"

#include <stdio.h>

void ago_format(uint64_t span_ns, char out[AGO_SIZE])
{
	uint64_t seconds = span_ns / 1000000000u;
	uint64_t minutes = seconds / 60, hours = (seconds + 1800) / 3600;
	if (seconds < 1)
		snprintf(out, AGO_SIZE, "Less than a second");
	else if (seconds == 1)
		snprintf(out, AGO_SIZE, "1 second");
	else if (seconds < 60)
		snprintf(out, AGO_SIZE, "%u seconds", (unsigned)seconds);
	else if (minutes == 1)
		snprintf(out, AGO_SIZE, "About a minute");
	else if (minutes < 60)
		snprintf(out, AGO_SIZE, "%u minutes", (unsigned)minutes);
	else if (hours == 1)
		snprintf(out, AGO_SIZE, "About an hour");
	else if (hours < 48)
		snprintf(out, AGO_SIZE, "%u hours", (unsigned)hours);
	else if (hours < 24 * 7 * 2)
		snprintf(out, AGO_SIZE, "%u days", (unsigned)(hours / 24));
	else if (hours < 24 * 30 * 2)
		snprintf(out, AGO_SIZE, "%u weeks", (unsigned)(hours / 24 / 7));
	else if (hours < 24 * 365 * 2)
		snprintf(out, AGO_SIZE, "%u months", (unsigned)(hours / 24 / 30));
	else
		snprintf(out, AGO_SIZE, "%llu years", (unsigned long long)(hours / 24 / 365));
}
