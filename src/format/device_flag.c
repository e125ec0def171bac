/* SPDX-License-Identifier: Apache-2.0 */
/* Docker's spellings of devices; whether a device exists is looked up elsewhere. */
#include "format/device_flag.h"

#include "base/mem.h"
#include "base/strv.h"
#include "format/bytes.h"
#include "format/number.h"

#include <stdbool.h>
#include <string.h>

void device_flag_done(struct device_flag *flag)
{
	free(flag->source);
	free(flag->target);
	memset(flag, 0, sizeof(*flag));
}

/* A non-empty set of the letters r, w and m, each at most once. */
static bool access_parse(const char *text, char out[4])
{
	char access[4] = "";
	size_t len = 0;
	if (text[0] == '\0' || text[strspn(text, "rwm")] != '\0' || strlen(text) > 3)
		return false;
	for (const char *letter = "rwm"; *letter != '\0'; letter++)
		if (strchr(text, *letter) != NULL)
			access[len++] = *letter;
	if (len != strlen(text))
		return false;
	memcpy(out, access, sizeof(access));
	return true;
}

int device_flag_parse(const char *text, struct device_flag *out, struct err *err)
{
	AUTO(struct strv, strv_done) parts = { 0 };
	strv_split(&parts, text, ':');
	const char *source = parts.items[0], *target = source;
	char access[4] = "rwm";
	if (source[0] != '/' && strchr(source, '=') != NULL)
		return err_set(err, ERR_UNSUPPORTED, "CDI devices are not yet supported: %.128s",
			       text);
	bool is_good = source[0] == '/' && parts.len <= 3;
	if (is_good && parts.len == 2 && !access_parse(parts.items[1], access))
		target = parts.items[1];
	if (is_good && parts.len == 3) {
		target = parts.items[1];
		if (!access_parse(parts.items[2], access))
			return err_set(err, ERR_INVALID, "bad mode specified: %.64s",
				       parts.items[2]);
	}
	if (!is_good || target[0] != '/')
		return err_set(err, ERR_INVALID, "bad device specification: %.128s", text);
	out->source = mem_strdup(source);
	out->target = mem_strdup(target);
	memcpy(out->access, access, sizeof(access));
	return 0;
}

static bool device_number(const char *text, int64_t *out)
{
	uint64_t number;
	if (strcmp(text, "*") == 0) {
		*out = -1;
		return true;
	}
	if (number_parse(text, UINT32_MAX, &number, NULL) < 0)
		return false;
	*out = (int64_t)number;
	return true;
}

int device_rule_parse(const char *text, struct device_rule *out, struct err *err)
{
	AUTO(struct strv, strv_done) words = { 0 };
	AUTO(struct strv, strv_done) numbers = { 0 };
	struct device_rule rule = { 0 };
	strv_split(&words, text, ' ');
	if (words.len == 3)
		strv_split(&numbers, words.items[1], ':');
	bool is_good = words.len == 3 && numbers.len == 2 && strlen(words.items[0]) == 1 &&
		       strchr("abc", words.items[0][0]) != NULL &&
		       device_number(numbers.items[0], &rule.major) &&
		       device_number(numbers.items[1], &rule.minor) &&
		       access_parse(words.items[2], rule.access);
	if (!is_good)
		return err_set(err, ERR_INVALID, "invalid device cgroup format '%.128s'", text);
	rule.type = words.items[0][0];
	*out = rule;
	return 0;
}

void throttle_flag_done(struct throttle_flag *flag)
{
	free(flag->path);
	memset(flag, 0, sizeof(*flag));
}

static bool throttle_value(const char *text, enum throttle_unit unit, uint64_t *out)
{
	if (unit == THROTTLE_BYTES)
		return bytes_parse(text, out, NULL) == 0;
	if (number_parse(text, INT64_MAX, out, NULL) < 0)
		return false;
	return unit == THROTTLE_COUNT || *out == 0 || (*out >= 10 && *out <= 1000);
}

int throttle_flag_parse(const char *text, enum throttle_unit unit, struct throttle_flag *out,
			struct err *err)
{
	static const char *const forms[] = {
		[THROTTLE_BYTES] =
			("<device-path>:<number>[<unit>]. Number must be a positive integer. "
			 "Unit is optional and can be kb, mb, or gb"),
		[THROTTLE_COUNT] = "<device-path>:<number>. Number must be a positive integer",
		[THROTTLE_WEIGHT] = "<device-path>:<weight>. Weight is from 10 to 1000",
	};
	const char *colon = strchr(text, ':');
	if (colon == NULL || colon == text)
		return err_set(err, ERR_INVALID, "bad format: %.128s", text);
	if (strncmp(text, "/dev/", 5) != 0)
		return err_set(err, ERR_INVALID, "bad format for device path: %.128s", text);
	uint64_t value;
	if (!throttle_value(colon + 1, unit, &value))
		return err_set(err, ERR_INVALID,
			       "invalid rate for device: %.128s. The correct format is %s", text,
			       forms[unit]);
	out->path = mem_strndup(text, (size_t)(colon - text));
	out->value = value;
	return 0;
}
