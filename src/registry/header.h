/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* The values of the few headers that mean something to us. */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/** The target of rel="next" in a Link header. @return owned, or NULL. Source: RFC 8288 */
char *header_next_link(const char *value);

/** "bytes FIRST-LAST/TOTAL". @return false when it is something else. Source: RFC 9110 14.4 */
bool header_content_range(const char *value, uint64_t *out_first, uint64_t *out_last,
			  uint64_t *out_total);

#define HEADER_MEDIA_TYPE_SIZE 128

/** A media type in lower case without its parameters; "" when it is too long or none at all. */
void header_media_type(const char *value, char out[HEADER_MEDIA_TYPE_SIZE]);

/** A number at the beginning of the value ("100;w=21600"). @return false without one */
bool header_number(const char *value, uint64_t *out);
