/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A face for the tests, not installed: asks a registry through the sandboxed worker, with no store
 * around it.
 *
 *	registry-fetch WORKER [OPTION...] pull REFERENCE DIR    documents and blobs as files in DIR
 *	registry-fetch WORKER [OPTION...] tags
 *	registry-fetch WORKER [OPTION...] login
 *
 * Options: --endpoint HOST[/PREFIX] (several: the last is the registry), then for that endpoint
 * --http --insecure --user NAME:SECRET --identity TOKEN --ca FILE --token-host HOST; and for all
 * --repository NAME --platform OS/ARCHITECTURE[/VARIANT] --stall SECONDS --slow (read slowly).
 */
#include "base/mem.h"
#include "registry/registry.h"
#include "sys/fd.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

struct face {
	struct registry_endpoint endpoints[8];
	struct registry_credentials credentials[8];
	struct registry_target target;
	struct registry_platform platform;
	bool is_slow;
};

struct piece {
	int in_fd, out_fd;
	size_t blob;
	uint64_t bytes;
};

static void on_progress(void *arg, size_t blob, uint64_t done_bytes)
{
	uint64_t *most = arg;
	(void)blob;
	*most = done_bytes > *most ? done_bytes : *most;
}

static int write_file(const char *dir, const char *name, const struct buf *bytes, struct err *err)
{
	AUTO_FREE char *path = mem_printf("%s/%s", dir, name);
	AUTO_FD fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	if (fd < 0 || fd_write_all(fd, buf_str(bytes), bytes->len) < 0)
		return err_sys(err, "write %s", path);
	return 0;
}

static int open_piece(struct registry_session *session, const struct registry_descriptor *layer,
		      const char *dir, struct piece *out, struct err *err)
{
	AUTO_FREE char *path = mem_printf("%s/%s", dir, layer->digest);
	out->out_fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	if (out->out_fd < 0)
		return err_sys(err, "make %s", path);
	out->in_fd = registry_fetch(session, layer, &out->blob, err);
	return out->in_fd < 0 ? -1 : 0;
}

/* What is there of one pipe. */
static int drain(struct piece *piece, struct err *err)
{
	char bytes[65536];
	ssize_t n = read(piece->in_fd, bytes, sizeof(bytes));
	if (n < 0)
		return errno == EINTR ? 0 : err_sys(err, "read a pipe");
	if (n == 0)
		fd_close(&piece->in_fd);
	else if (fd_write_all(piece->out_fd, bytes, (size_t)n) < 0)
		return err_sys(err, "write a blob");
	piece->bytes += (uint64_t)n;
	return 0;
}

static bool is_over(struct registry_session *session, const struct piece *pieces, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (pieces[i].in_fd >= 0 || registry_blob_state(session, pieces[i].blob, NULL) == 0)
			return false;
	return true;
}

static int pump(struct registry_session *session, struct piece *pieces, size_t len, bool is_slow,
		struct err *err)
{
	static const struct timespec moment = { .tv_nsec = 2000000 };
	while (!is_over(session, pieces, len)) {
		struct pollfd fds[REGISTRY_BLOBS_MAX + 1];
		for (size_t i = 0; i < len; i++)
			fds[i] = (struct pollfd){ .fd = pieces[i].in_fd, .events = POLLIN };
		fds[len] = (struct pollfd){ .fd = registry_fd(session), .events = POLLIN };
		if (poll(fds, len + 1, -1) < 0)
			return err_sys(err, "wait");
		if (fds[len].revents != 0 && registry_step(session, err) < 0)
			return -1;
		for (size_t i = 0; i < len; i++)
			if (fds[i].revents != 0 && drain(&pieces[i], err) < 0)
				return -1;
		if (is_slow)
			nanosleep(&moment, NULL);
	}
	return 0;
}

static int fetch_layers(struct registry_session *session, const struct registry_image *image,
			const struct face *face, const char *dir, struct err *err)
{
	struct piece pieces[REGISTRY_BLOBS_MAX] = { 0 };
	size_t len = 0;
	for (size_t i = 0; i < REGISTRY_BLOBS_MAX; i++)
		pieces[i].in_fd = pieces[i].out_fd = -1;
	int rc = image->layers_len > REGISTRY_BLOBS_MAX
			 ? err_set(err, ERR_UNSUPPORTED, "too many layers for a test")
			 : 0;
	for (; rc == 0 && len < image->layers_len; len++)
		rc = open_piece(session, &image->layers[len], dir, &pieces[len], err);
	if (rc == 0)
		rc = pump(session, pieces, len, face->is_slow, err);
	for (size_t i = 0; i < len; i++) {
		fd_close(&pieces[i].in_fd);
		fd_close(&pieces[i].out_fd);
		if (rc == 0 && registry_blob_state(session, pieces[i].blob, err) != 1)
			rc = -1;
	}
	return rc;
}

static int pull(struct registry_session *session, const struct face *face, char **args,
		struct err *err)
{
	AUTO(struct registry_image, registry_image_done) image = { 0 };
	const char *dir = args[1];
	if (args[0] == NULL || dir == NULL)
		return err_set(err, ERR_INVALID, "pull REFERENCE DIR");
	if (registry_resolve(session, args[0], &face->platform, &image, err) < 0)
		return -1;
	printf("manifest sha256:%s %s\n", image.manifest.digest, image.manifest.media_type);
	if (image.index.digest[0] != '\0')
		printf("index sha256:%s %s\n", image.index.digest, image.index.media_type);
	printf("config sha256:%s\n", image.config_descriptor.digest);
	for (size_t i = 0; i < image.layers_len; i++)
		printf("layer sha256:%s %llu\n", image.layers[i].digest,
		       (unsigned long long)image.layers[i].size);
	if (write_file(dir, "manifest", &image.manifest_bytes, err) < 0 ||
	    write_file(dir, "config", &image.config, err) < 0)
		return -1;
	return fetch_layers(session, &image, face, dir, err);
}

static int tags(struct registry_session *session, struct err *err)
{
	AUTO(struct strv, strv_done) list = { 0 };
	if (registry_tags(session, &list, err) < 0)
		return -1;
	for (size_t i = 0; i < list.len; i++)
		puts(list.items[i]);
	return 0;
}

static int login(struct registry_session *session, struct err *err)
{
	AUTO_FREE char *token = NULL;
	if (registry_check_login(session, &token, err) < 0)
		return -1;
	printf("good%s%s\n", token != NULL ? " " : "", token != NULL ? token : "");
	return 0;
}

/* --- options --- */

static char *file_text(const char *path)
{
	struct buf text = { 0 };
	AUTO_FD fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0 || fd_read_all(fd, 1u << 20, path, &text, NULL) < 0)
		mem_die("cannot read a file");
	return buf_take(&text);
}

static void set_platform(struct face *face, char *text)
{
	char *slash = strchr(text, '/');
	face->platform.os = text;
	if (slash == NULL)
		return;
	*slash = '\0';
	face->platform.architecture = slash + 1;
	slash = strchr(slash + 1, '/');
	if (slash == NULL)
		return;
	*slash = '\0';
	face->platform.variant = slash + 1;
}

static void add_endpoint(struct face *face, char *text)
{
	char *slash = strchr(text, '/');
	struct registry_endpoint *endpoint = &face->endpoints[face->target.endpoints_len];
	if (slash != NULL)
		*slash = '\0';
	endpoint->host = text;
	endpoint->prefix = slash != NULL ? slash + 1 : NULL;
	endpoint->credentials = &face->credentials[face->target.endpoints_len++];
}

/* @return how many words an option takes, 0: it is none */
static int take_option(struct face *face, char **at)
{
	size_t last = face->target.endpoints_len > 0 ? face->target.endpoints_len - 1 : 0;
	struct registry_endpoint *endpoint = &face->endpoints[last];
	struct registry_credentials *credentials = &face->credentials[last];
	char *colon = at[1] != NULL ? strchr(at[1], ':') : NULL;
	if (strcmp(at[0], "--http") == 0)
		return endpoint->is_plain_http = true;
	if (strcmp(at[0], "--insecure") == 0)
		return endpoint->skips_verify = true;
	if (strcmp(at[0], "--slow") == 0)
		return face->is_slow = true;
	if (at[1] == NULL || strncmp(at[0], "--", 2) != 0)
		return 0;
	if (strcmp(at[0], "--endpoint") == 0 && face->target.endpoints_len < 8) {
		add_endpoint(face, at[1]);
	} else if (strcmp(at[0], "--user") == 0 && colon != NULL) {
		credentials->username = mem_strndup(at[1], (size_t)(colon - at[1]));
		credentials->secret = mem_strdup(colon + 1);
	} else if (strcmp(at[0], "--identity") == 0) {
		credentials->identity_token = mem_strdup(at[1]);
	} else if (strcmp(at[0], "--ca") == 0) {
		endpoint->ca_pem = file_text(at[1]);
	} else if (strcmp(at[0], "--token-host") == 0) {
		endpoint->token_host = at[1];
	} else if (strcmp(at[0], "--repository") == 0) {
		face->target.repository = at[1];
	} else if (strcmp(at[0], "--platform") == 0) {
		set_platform(face, at[1]);
	} else if (strcmp(at[0], "--stall") == 0) {
		face->target.stall_s = (unsigned)strtoul(at[1], NULL, 10);
	} else {
		return 0;
	}
	return 2;
}

static int run(struct registry_session *session, const struct face *face, char **args,
	       struct err *err)
{
	if (args[0] != NULL && strcmp(args[0], "pull") == 0)
		return pull(session, face, args + 1, err);
	if (args[0] != NULL && strcmp(args[0], "tags") == 0)
		return tags(session, err);
	if (args[0] != NULL && strcmp(args[0], "login") == 0)
		return login(session, err);
	return err_set(err, ERR_INVALID, "pull, tags or login");
}

int main(int argc, char **argv)
{
	static struct face face;
	struct err err = { 0 };
	uint64_t most = 0;
	char **at = argv + 2;
	if (argc < 3)
		return 2;
	face.target.endpoints = face.endpoints;
	face.target.repository = "library/test";
	face.platform = (struct registry_platform){ .os = "linux", .architecture = "amd64" };
	for (int n = 1; *at != NULL && (n = take_option(&face, at)) > 0;)
		at += n;
	struct registry_session *session = registry_open(argv[1], &face.target, on_progress, &most,
							 &err);
	int rc = session != NULL ? run(session, &face, at, &err) : -1;
	if (rc < 0)
		fprintf(stderr, "%s: %s%s%s\n", err_kind_name(err.kind), err.text,
			err.hint[0] != '\0' ? " - " : "", err.hint);
	registry_close(session);
	for (size_t i = 0; i < ARRAY_LEN(face.credentials); i++)
		registry_credentials_done(&face.credentials[i]);
	return rc < 0 ? 1 : 0;
}
