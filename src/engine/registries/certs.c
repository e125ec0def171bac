/* SPDX-License-Identifier: Apache-2.0 */
/* What is in the files is for the TLS library of the worker: here they are only found and read. */
#include "engine/registries/certs.h"

#include "base/mem.h"
#include "base/strv.h"
#include "engine/registries/places.h"
#include "engine/registries/secret.h"
#include "sys/fd.h"
#include "sys/tree.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

void certs_done(struct certs *certs)
{
	free(certs->ca_pem);
	free(certs->cert_pem);
	secret_free(certs->key_pem);
	memset(certs, 0, sizeof(*certs));
}

static bool has_ending(const char *name, const char *ending)
{
	size_t len = strlen(name), ending_len = strlen(ending);
	return len > ending_len && strcmp(name + len - ending_len, ending) == 0;
}

/* The rest of a file that must be there, as a C string of just its size. */
static char *read_pem(const char *dir, const char *name, struct err *err)
{
	AUTO_FREE char *path = mem_printf("%s/%s", dir, name);
	AUTO(struct buf, secret_buf_done) text = { 0 };
	int there = place_read(path, CERTS_BYTES_MAX, &text, err);
	if (there == 0)
		err_set(err, ERR_INVALID, "%s is missing", path);
	return there > 0 ? mem_strdup(buf_str(&text)) : NULL;
}

static int add_authority(const char *dir, const char *name, struct buf *out, struct err *err)
{
	AUTO_FREE char *pem = read_pem(dir, name, err);
	if (pem == NULL)
		return -1;
	if (out->len + strlen(pem) >= CERTS_BYTES_MAX)
		return err_set(err, ERR_INVALID, "%s: more than %u bytes of certificates", dir,
			       CERTS_BYTES_MAX);
	buf_addf(out, "%s\n", pem);
	return 0;
}

static int read_pair(const char *dir, const char *name, struct certs *certs, struct err *err)
{
	size_t len = strlen(name) - strlen(".cert");
	AUTO_FREE char *key_name = mem_printf("%.*s.key", (int)len, name);
	AUTO_FREE char *cert_pem = read_pem(dir, name, err);
	if (cert_pem == NULL)
		return -1;
	char *key_pem = read_pem(dir, key_name, err);
	if (key_pem == NULL)
		return err_context(err, "%s/%s", dir, name);
	certs->cert_pem = ptr_take(&cert_pem);
	certs->key_pem = key_pem;
	return 0;
}

static int read_dir(const char *dir, struct certs *certs, struct buf *authorities, struct err *err)
{
	AUTO(struct strv, strv_done) names = { 0 };
	AUTO_FD fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0 && (errno == ENOENT || errno == ENOTDIR))
		return 0;
	if (fd < 0)
		return err_sys(err, "open %s", dir);
	if (tree_names(fd, &names, err) < 0)
		return err_context(err, "read %s", dir);
	if (names.len > CERTS_FILES_MAX)
		return err_set(err, ERR_INVALID, "%s has more than %d files", dir, CERTS_FILES_MAX);
	for (size_t i = 0; i < names.len; i++) {
		const char *name = names.items[i];
		if (has_ending(name, ".crt") && add_authority(dir, name, authorities, err) < 0)
			return -1;
		if (has_ending(name, ".cert") && certs->cert_pem == NULL &&
		    read_pair(dir, name, certs, err) < 0)
			return -1;
	}
	return 0;
}

int certs_find(const char *host, struct certs *out, struct err *err)
{
	AUTO(struct certs, certs_done) certs = { 0 };
	AUTO(struct strv, strv_done) dirs = { 0 };
	AUTO(struct buf, buf_done) authorities = { 0 };
	place_certs(&dirs);
	for (size_t i = 0; i < dirs.len; i++) {
		AUTO_FREE char *dir = mem_printf("%s/%s", dirs.items[i], host);
		if (read_dir(dir, &certs, &authorities, err) < 0)
			return -1;
	}
	if (authorities.len > 0)
		certs.ca_pem = buf_take(&authorities);
	*out = certs;
	certs = (struct certs){ 0 };
	return 0;
}
