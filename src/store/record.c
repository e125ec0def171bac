/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The form of a record on disk: JSON, newline, "sha256:" and the digest of the JSON, newline. It
 * can be read by people and checked by anyone; what the JSON means is the rooms' own business.
 */
#include "store/record.h"

#include "base/digest.h"
#include "base/warn.h"
#include "sys/fd.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define TAIL_PREFIX "\nsha256:"
#define TAIL_LEN    (sizeof(TAIL_PREFIX) - 1 + DIGEST_HEX_LEN + 1)

static void seal(struct buf *json)
{
	char hex[DIGEST_HEX_SIZE];
	digest_of(json->data, json->len, hex);
	buf_addf(json, TAIL_PREFIX "%s\n", hex);
}

int record_write(int dir_fd, const char *name, struct buf *json, enum file_durability durability,
		 struct err *err)
{
	seal(json);
	return file_replace(dir_fd, name, json->data, json->len, 0600, durability, err);
}

int record_write_alone(int dir_fd, const char *name, struct buf *json, struct err *err)
{
	char fresh[64];
	seal(json);
	snprintf(fresh, sizeof(fresh), ".%.40s.new-", name);
	AUTO_FD fd = openat(dir_fd, fresh, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC,
			    0600);
	if (fd < 0 || fd_write_all(fd, json->data, json->len) < 0 ||
	    renameat(dir_fd, fresh, dir_fd, name) < 0)
		return err_sys(err, "write record %s", name);
	return 0;
}

int record_read(int dir_fd, const char *path, struct json_object **out, struct err *err)
{
	AUTO(struct buf, buf_done) text = { 0 };
	if (file_read(dir_fd, path, RECORD_MAX, &text, err) < 0)
		return -1;
	char hex[DIGEST_HEX_SIZE];
	size_t len = text.len - TAIL_LEN;
	if (text.len < TAIL_LEN)
		return err_set(err, ERR_INVALID, "record %s: too short", path);
	digest_of(text.data, len, hex);
	if (strncmp(text.data + len, TAIL_PREFIX, sizeof(TAIL_PREFIX) - 1) != 0 ||
	    strncmp(text.data + len + sizeof(TAIL_PREFIX) - 1, hex, DIGEST_HEX_LEN) != 0)
		return err_set(err, ERR_INVALID, "record %s: its checksum does not match", path);
	struct json_source source = { .what = path, .max_bytes = RECORD_MAX };
	return json_parse_strict(text.data, len, &source, out, err);
}

void record_quarantine(const struct store *store, int dir_fd, const char *path, const char *why)
{
	char random[ID_SIZE];
	char target[320];
	const char *slash = strrchr(path, '/');
	id_new(random);
	snprintf(target, sizeof(target), "quarantine/%.200s.%.*s", slash != NULL ? slash + 1 : path,
		 ID_SHORT_LEN, random);
	if (renameat(dir_fd, path, store->root_fd, target) == 0)
		warn_say("%s; it was moved to %s/%s", why, store->root_path, target);
	else if (errno != ENOENT)
		warn_say("%s; it could not be moved away: %s", why, strerror(errno));
}
