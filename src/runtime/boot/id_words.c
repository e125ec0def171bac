/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/boot/id_words.h"

#include "base/mem.h"
#include "base/strv.h"

#include <stdlib.h>
#include <string.h>

/* Where the namespace has `first`: the distance between outside and inside of its range. */
static int shift_by(const struct ns_id_map *maps, size_t len, struct ns_id_map *map,
		    struct err *err)
{
	for (size_t i = 0; i < len; i++)
		if (map->inside >= maps[i].inside && map->inside - maps[i].inside < maps[i].count) {
			map->outside += maps[i].outside - maps[i].inside;
			return 0;
		}
	return err_set(err, ERR_INVALID, "id %u is not mapped by the user namespace", map->inside);
}

/* A number and, unless it is the last, the dash behind it. */
static bool take_number(const char **at, char behind, uint32_t *out)
{
	char *end;
	if (**at < '0' || **at > '9')
		return false;
	unsigned long long value = strtoull(*at, &end, 10);
	if (*end != behind || value > UINT32_MAX)
		return false;
	*out = (uint32_t)value;
	*at = end + (behind != '\0');
	return true;
}

static int parse_map(const char *word, const struct ns_id_map *relative_to, size_t len,
		     struct ns_id_map *out, struct err *err)
{
	bool is_relative = word[0] == '@';
	const char *at = word + is_relative;
	struct ns_id_map map;
	if (!take_number(&at, '-', &map.inside) || !take_number(&at, '-', &map.outside) ||
	    !take_number(&at, '\0', &map.count) || map.count == 0)
		return err_set(err, ERR_INVALID, "%s is not FIRST-HOST-COUNT", word);
	if (is_relative && shift_by(relative_to, len, &map, err) < 0)
		return -1;
	*out = map;
	return 0;
}

static int parse_maps(const char *words, const struct ns_id_map *relative_to, size_t relative_len,
		      struct ns_id_map *out, struct err *err)
{
	AUTO(struct strv, strv_done) items = { 0 };
	strv_split(&items, words, '#');
	if (items.len > NS_ID_MAP_MAX)
		return err_set(err, ERR_INVALID, "more than %d maps", NS_ID_MAP_MAX);
	for (size_t i = 0; i < items.len; i++)
		if (parse_map(items.items[i], relative_to, relative_len, &out[i], err) < 0)
			return -1;
	return (int)items.len;
}

int id_words_parse(const char *words, const struct spec *spec, struct id_words *out,
		   struct err *err)
{
	struct id_words result = { .uids_len = spec->uid_maps_len, .gids_len = spec->gid_maps_len };
	if (result.uids_len > NS_ID_MAP_MAX || result.gids_len > NS_ID_MAP_MAX)
		return err_set(err, ERR_INVALID, "more than %d id maps", NS_ID_MAP_MAX);
	if (result.uids_len > 0)
		memcpy(result.uids, spec->uid_maps, result.uids_len * sizeof(*result.uids));
	if (result.gids_len > 0)
		memcpy(result.gids, spec->gid_maps, result.gids_len * sizeof(*result.gids));
	AUTO(struct strv, strv_done) parts = { 0 };
	strv_split(&parts, words, ';');
	for (size_t i = 0; i < parts.len; i++) {
		const char *part = parts.items[i];
		bool is_uids = strncmp(part, "uids=", 5) == 0;
		if (!is_uids && strncmp(part, "gids=", 5) != 0)
			return err_set(err, ERR_INVALID, "idmap=%s: neither uids= nor gids=", part);
		int len = parse_maps(part + 5, is_uids ? spec->uid_maps : spec->gid_maps,
				     is_uids ? spec->uid_maps_len : spec->gid_maps_len,
				     is_uids ? result.uids : result.gids, err);
		if (len < 0)
			return err_context(err, "idmap=%s", words);
		*(is_uids ? &result.uids_len : &result.gids_len) = (size_t)len;
	}
	*out = result;
	return 0;
}
