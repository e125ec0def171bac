/* SPDX-License-Identifier: Apache-2.0 */
/* Content by digest. Who needs which blob is not known here: image_record.h and manifest.h are. */
#include "store/blob.h"

#include "store/scan.h"
#include "sys/fd.h"
#include "sys/file.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define BLOBS "blobs/sha256"

struct blob_path {
	char text[sizeof(BLOBS "/") + DIGEST_HEX_LEN];
};

static struct blob_path path_of(const char *hex)
{
	struct blob_path path;
	snprintf(path.text, sizeof(path.text), BLOBS "/%.64s", hex);
	return path;
}

static bool has_digest(const struct buf *data, const char *hex)
{
	char found[DIGEST_HEX_SIZE];
	digest_of(buf_str(data), data->len, found);
	return strcmp(found, hex) == 0;
}

int blob_write(const struct store *store, const char *hex, const struct buf *data, struct err *err)
{
	AUTO(struct buf, buf_done) there = { 0 };
	/* Whoever wrote it may have died before its name was on disk. */
	if (file_read(store->root_fd, path_of(hex).text, data->len, &there, NULL) == 0 &&
	    has_digest(&there, hex))
		return scan_sync(store->root_fd, BLOBS, err);
	AUTO_FD blobs_fd = openat(store->root_fd, BLOBS,
				  O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (blobs_fd < 0)
		return err_sys(err, "open " BLOBS);
	return file_replace(blobs_fd, hex, buf_str(data), data->len, 0400, FILE_DURABLE, err);
}

int blob_read(const struct store *store, const char *hex, const char *what, size_t max_bytes,
	      struct buf *out, struct err *err)
{
	if (file_read(store->root_fd, path_of(hex).text, max_bytes, out, err) < 0)
		return -1;
	return has_digest(out, hex) ? 0 : err_set(err, ERR_INVALID, "%s is damaged", what);
}

void blob_remove(const struct store *store, const char *hex)
{
	unlinkat(store->root_fd, path_of(hex).text, 0);
}
