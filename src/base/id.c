/* SPDX-License-Identifier: Apache-2.0 */
#include "base/id.h"

#include "base/attr.h"
#include "base/mem.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>

static void random_bytes(void *out, size_t len)
{
	if (getrandom(out, len, 0) != (ssize_t)len)
		mem_die("getrandom failed");
}

void id_new(char out[ID_SIZE])
{
	static const char hex[] = "0123456789abcdef";
	do {
		unsigned char raw[ID_LEN / 2];
		random_bytes(raw, sizeof(raw));
		for (size_t i = 0; i < sizeof(raw); i++) {
			out[2 * i] = hex[raw[i] >> 4];
			out[2 * i + 1] = hex[raw[i] & 15];
		}
		out[ID_LEN] = '\0';
	} while (strspn(out, "0123456789") >= ID_SHORT_LEN);
}

bool id_is_prefix(const char *text)
{
	size_t len = strlen(text);
	return len > 0 && len <= ID_LEN && text[strspn(text, "0123456789abcdef")] == '\0';
}

bool id_is_name(const char *text)
{
	static const char alnum[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
				    "_.-";
	size_t len = strlen(text);
	return len >= 2 && len <= 128 && strchr("_.-", text[0]) == NULL &&
	       text[strspn(text, alnum)] == '\0';
}

void id_new_name(char out[ID_NAME_SIZE])
{
	/* What potters say of clay, glaze and fire; what they make and what they use. */
	static const char *const adjectives[] = {
		"amber",   "ashen",   "banded",  "bright",  "brushed", "burnished", "calm",
		"celadon", "cobalt",  "coiled",  "copper",  "cool",    "curved",    "dappled",
		"deep",    "earthen", "ember",   "fired",   "glazed",  "glossy",    "golden",
		"hollow",  "humble",  "incised", "ivory",   "jade",    "kneaded",   "late",
		"lively",  "lucid",   "matte",   "mellow",  "misty",   "modest",    "mossy",
		"ochre",   "open",    "pale",    "patient", "plain",   "polished",  "quiet",
		"raku",    "robust",  "round",   "russet",  "rustic",  "salted",    "sandy",
		"serene",  "silken",  "sincere", "slender", "smoked",  "spun",      "stamped",
		"steady",  "sunlit",  "tall",    "thrown",  "umber",   "velvet",    "warm",
		"woven",
	};
	static const char *const nouns[] = {
		"amphora", "anvil",  "ash",     "basin",    "beaker", "bell",   "bowl",   "brick",
		"brush",   "cellar", "chawan",  "clay",     "coil",   "crock",  "cup",    "dish",
		"ewer",    "fern",   "flask",   "foot",     "glaze",  "goblet", "gourd",  "handle",
		"hangari", "hearth", "jar",     "jug",      "kettle", "kiln",   "kimchi", "ladle",
		"lid",     "lotus",  "moon",    "mortar",   "mug",    "onggi",  "pantry", "pepper",
		"pestle",  "pine",   "pitcher", "plate",    "pot",    "rim",    "rice",   "river",
		"saucer",  "sesame", "shard",   "shoulder", "slip",   "spout",  "spring", "stone",
		"straw",   "tea",    "tile",    "urn",      "vase",   "vessel", "wheel",  "willow",
	};
	uint8_t pick[4];
	random_bytes(pick, sizeof(pick));
	snprintf(out, ID_NAME_SIZE, "%s_%s%u", adjectives[pick[0] % ARRAY_LEN(adjectives)],
		 nouns[pick[1] % ARRAY_LEN(nouns)], (unsigned)(pick[2] << 8 | pick[3]) % 1000);
}
