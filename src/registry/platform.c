/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Variants are levels: a machine of level n runs what was made for level n and below, and the
 * highest of these is best. Which level is meant where none is named depends on the architecture.
 */
#include "registry/platform.h"

#include "base/attr.h"

#include <stdio.h>
#include <string.h>

struct alias {
	const char *name, *architecture, *variant;
};

static const struct alias aliases[] = {
	{ "aarch64", "arm64", "" }, { "armel", "arm", "v6" }, { "armhf", "arm", "v7" },
	{ "i386", "386", "" },      { "i686", "386", "" },    { "x86-64", "amd64", "" },
	{ "x86_64", "amd64", "" },
};

/* What a variant's absence means. */
static const struct alias levels[] = {
	{ NULL, "amd64", "v1" },
	{ NULL, "arm", "v7" },
	{ NULL, "arm64", "v8" },
};

static void copy(char *out, size_t size, const char *text)
{
	if (snprintf(out, size, "%s", text != NULL ? text : "") >= (int)size)
		snprintf(out, size, "?");
}

void platform_set(struct platform *platform, const char *os, const char *architecture,
		  const char *variant)
{
	const char *arch = architecture != NULL ? architecture : "";
	const char *level = variant != NULL ? variant : "";
	for (size_t i = 0; i < ARRAY_LEN(aliases); i++)
		if (strcmp(arch, aliases[i].name) == 0) {
			arch = aliases[i].architecture;
			level = level[0] != '\0' ? level : aliases[i].variant;
			break;
		}
	for (size_t i = 0; i < ARRAY_LEN(levels); i++)
		if (level[0] == '\0' && strcmp(arch, levels[i].architecture) == 0)
			level = levels[i].variant;
	copy(platform->os, sizeof(platform->os), os);
	copy(platform->architecture, sizeof(platform->architecture), arch);
	copy(platform->variant, sizeof(platform->variant), level);
}

/* The n of "vN"; -1 for anything else, as "v8.2". */
static int level_of(const char *variant)
{
	return variant[0] == 'v' && variant[1] >= '0' && variant[1] <= '9' && variant[2] == '\0'
		       ? variant[1] - '0'
		       : -1;
}

unsigned platform_fits(const struct platform *wanted, const struct platform *offered)
{
	if (wanted->os[0] != '\0' && strcmp(wanted->os, offered->os) != 0)
		return 0;
	if (wanted->architecture[0] == '\0')
		return 1;
	if (strcmp(wanted->architecture, offered->architecture) != 0)
		return 0;
	if (strcmp(wanted->variant, offered->variant) == 0)
		return 100;
	int most = level_of(wanted->variant), level = level_of(offered->variant);
	return most < 0 || level < 0 || level > most ? 0 : (unsigned)(level + 1);
}

void platform_format(const struct platform *platform, char out[PLATFORM_TEXT_SIZE])
{
	static const char *const usual[] = { "amd64/v1", "arm64/v8" }; /* said by nobody */
	int len = snprintf(out, PLATFORM_TEXT_SIZE, "%s/%s%s%s", platform->os,
			   platform->architecture, platform->variant[0] != '\0' ? "/" : "",
			   platform->variant);
	for (size_t i = 0; i < ARRAY_LEN(usual); i++)
		if (strcmp(out + strlen(platform->os) + 1, usual[i]) == 0)
			out[len - 3] = '\0';
}
