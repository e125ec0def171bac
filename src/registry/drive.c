/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One worker per session. Answers come in packets and are checked here: their order, every length
 * and count, and the digests of all documents. A worker that says anything unexpected is lost.
 */
#include "registry/registry.h"

#include "base/mem.h"
#include "registry/bounds.h"
#include "registry/drive.h"
#include "registry/protocol.h"
#include "sys/fd.h"
#include "sys/process.h"
#include "sys/sock.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define PIPE_BYTES (1 << 20)

static void wipe(char **secret)
{
	if (*secret != NULL)
		explicit_bzero(*secret, strlen(*secret));
	free(*secret);
	*secret = NULL;
}

void registry_credentials_done(struct registry_credentials *credentials)
{
	wipe(&credentials->username);
	wipe(&credentials->secret);
	wipe(&credentials->identity_token);
}

/* --- start and end --- */

/* What a user says of proxies is for the worker, too. */
static void proxy_environment(struct strv *out)
{
	static const char *const names[] = { "http_proxy", "https_proxy", "HTTPS_PROXY",
					     "all_proxy",  "ALL_PROXY",   "no_proxy",
					     "NO_PROXY" };
	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		const char *value = getenv(names[i]);
		if (value != NULL)
			strv_add_take(out, mem_printf("%s=%s", names[i], value));
	}
}

static int spawn(struct registry_session *session, const char *worker_path, struct err *err)
{
	static char program_name[] = "onggi-fetch", job[] = "session", none[] = "ONGGI=1";
	char *const argv[] = { program_name, job, NULL };
	AUTO(struct strv, strv_done) env = { 0 };
	int pair[2];
	AUTO_FD null_fd = open("/dev/null", O_RDWR | O_CLOEXEC);
	if (null_fd < 0)
		return err_sys(err, "open /dev/null");
	if (sock_pair(pair, err) < 0)
		return -1;
	AUTO_FD theirs = pair[1];
	AUTO_FD ours = pair[0];
	const int given[] = { null_fd, theirs, null_fd };
	strv_add(&env, none);
	proxy_environment(&env);
	if (process_spawn(worker_path, argv, env.items, given, ARRAY_LEN(given), &session->child,
			  err) < 0)
		return -1;
	session->sock_fd = fd_take(&ours);
	return 0;
}

static int send_field(struct registry_session *session, enum fetch_field field, const char *text,
		      struct err *err)
{
	struct fetch_packet *packet = &session->packet;
	size_t len = text != NULL ? strlen(text) : 0;
	for (size_t at = 0; at < len;) {
		size_t part = len - at < FETCH_CHUNK_MAX - 1 ? len - at : FETCH_CHUNK_MAX - 1;
		packet->type = FETCH_FIELD;
		packet->what = field;
		packet->len = (uint32_t)part;
		memcpy(packet->data, text + at, part);
		if (fetch_packet_send(session->sock_fd, packet, -1, err) < 0)
			return -1;
		at += part;
	}
	return 0;
}

static int send_endpoint(struct registry_session *session, const struct registry_endpoint *endpoint,
			 struct err *err)
{
	static const struct registry_credentials nobody;
	const struct registry_credentials *credentials = endpoint->credentials != NULL
								 ? endpoint->credentials
								 : &nobody;
	const char *const fields[FETCH_FIELDS] = {
		[FETCH_HOST] = endpoint->host,
		[FETCH_PREFIX] = endpoint->prefix,
		[FETCH_TOKEN_HOST] = endpoint->token_host,
		[FETCH_CA] = endpoint->ca_pem,
		[FETCH_CERT] = endpoint->cert_pem,
		[FETCH_KEY] = endpoint->key_pem,
		[FETCH_USERNAME] = credentials->username,
		[FETCH_SECRET] = credentials->secret,
		[FETCH_IDENTITY_TOKEN] = credentials->identity_token,
	};
	session->packet.type = FETCH_ENDPOINT;
	session->packet.len = 0;
	session->packet.endpoint.is_plain_http = endpoint->is_plain_http;
	session->packet.endpoint.skips_verify = endpoint->skips_verify;
	if (fetch_packet_send(session->sock_fd, &session->packet, -1, err) < 0)
		return -1;
	for (size_t i = 0; i < ARRAY_LEN(fields); i++)
		if (send_field(session, (enum fetch_field)i, fields[i], err) < 0)
			return -1;
	return 0;
}

static int introduce(struct registry_session *session, const struct registry_target *target,
		     struct err *err)
{
	for (size_t i = 0; i < target->endpoints_len; i++)
		if (send_endpoint(session, &target->endpoints[i], err) < 0)
			return -1;
	if (send_field(session, FETCH_REPOSITORY, target->repository, err) < 0)
		return -1;
	session->packet.type = FETCH_START;
	session->packet.len = 0;
	session->packet.start.can_push = target->can_push;
	session->packet.start.stall_s = target->stall_s;
	return fetch_packet_send(session->sock_fd, &session->packet, -1, err);
}

/* Names become parts of URLs: what they may hold is known. */
static int check_target(const struct registry_target *target, struct err *err)
{
	static const char path[] = "abcdefghijklmnopqrstuvwxyz0123456789._-/";
	const char *repository = target->repository != NULL ? target->repository : "";
	if (target->endpoints_len == 0 || target->endpoints_len > FETCH_ENDPOINTS_MAX)
		return err_set(err, ERR_INVALID, "%zu registries to ask", target->endpoints_len);
	if (strspn(repository, path) != strlen(repository) || strstr(repository, "..") != NULL)
		return err_set(err, ERR_INVALID, "\"%s\" is no name of a repository", repository);
	for (size_t i = 0; i < target->endpoints_len; i++) {
		const char *prefix = target->endpoints[i].prefix;
		const char *host = target->endpoints[i].host;
		if (host == NULL || host[0] == '\0' || strpbrk(host, "/?#@\\ ") != NULL)
			return err_set(err, ERR_INVALID, "\"%s\" is no name of a registry",
				       host != NULL ? host : "");
		if (prefix != NULL &&
		    (strspn(prefix, path) != strlen(prefix) || strstr(prefix, "..") != NULL))
			return err_set(err, ERR_INVALID, "\"%s\" is no part of a mirror's address",
				       prefix);
	}
	return 0;
}

struct registry_session *registry_open(const char *worker_path,
				       const struct registry_target *target,
				       registry_progress_fn *progress, void *arg, struct err *err)
{
	if (check_target(target, err) < 0)
		return NULL;
	struct registry_session *session = mem_alloc(1, sizeof(*session));
	session->sock_fd = -1;
	session->child.pidfd = -1;
	session->progress = progress;
	session->arg = arg;
	int rc = spawn(session, worker_path, err);
	if (rc == 0)
		rc = introduce(session, target, err);
	explicit_bzero(session->packet.data, sizeof(session->packet.data));
	if (rc == 0)
		return session;
	registry_close(session);
	return NULL;
}

void registry_close(struct registry_session *session)
{
	struct process_exit result;
	if (session == NULL)
		return;
	fd_close(&session->sock_fd);
	if (session->child.pidfd >= 0) {
		process_signal(session->child.pidfd, SIGKILL, NULL);
		process_wait(session->child.pidfd, &result, NULL);
	}
	fd_close(&session->child.pidfd);
	free(session->blobs);
	free(session);
}

int registry_fd(const struct registry_session *session)
{
	return session->sock_fd;
}

/* --- what the worker says --- */

static int unexpected(struct err *err)
{
	return err_set(err, ERR_REMOTE, "the fetch worker said something unexpected");
}

/* @return 1 it was about a blob, 0 it is an answer, -1 */
static int take_blob_news(struct registry_session *session, struct err *err)
{
	const struct fetch_packet *packet = &session->packet;
	if (packet->type != FETCH_PROGRESS && packet->type != FETCH_BLOB_END &&
	    packet->type != FETCH_BLOB_ERROR)
		return 0;
	if (packet->what >= session->blobs_len)
		return unexpected(err);
	struct blob_record *blob = &session->blobs[packet->what];
	if (blob->state != BLOB_GOING)
		return unexpected(err);
	if (packet->type == FETCH_PROGRESS) {
		if (packet->done_bytes > blob->size)
			return unexpected(err);
		if (session->progress != NULL)
			session->progress(session->arg, packet->what, packet->done_bytes);
		return 1;
	}
	session->going--;
	blob->state = packet->type == FETCH_BLOB_END ? BLOB_GOOD : BLOB_FAILED;
	if (blob->state == BLOB_FAILED) {
		blob->err = packet->error;
		if (!err_is_set(&blob->err))
			err_set(&blob->err, ERR_REMOTE, "the fetch worker failed");
	}
	return 1;
}

/* The next packet, whatever it is about. @return 1 one about a blob, 0 another, -1 */
static int receive(struct registry_session *session, struct err *err)
{
	int rc = fetch_packet_recv(session->sock_fd, &session->packet, NULL, err);
	if (rc < 0)
		return -1;
	if (rc == 0)
		return err_set(err, ERR_REMOTE, "the fetch worker ended without a word (killed?)");
	return take_blob_news(session, err);
}

int registry_next(struct registry_session *session, struct err *err)
{
	int rc;
	do {
		rc = receive(session, err);
	} while (rc > 0);
	if (rc < 0)
		return -1;
	if (session->packet.type != FETCH_ERROR)
		return (int)session->packet.type;
	if (!err_is_set(&session->packet.error))
		return err_set(err, ERR_REMOTE, "the fetch worker failed");
	if (err != NULL)
		*err = session->packet.error;
	return -1;
}

int registry_step(struct registry_session *session, struct err *err)
{
	for (;;) {
		struct pollfd fd = { .fd = session->sock_fd, .events = POLLIN };
		if (poll(&fd, 1, 0) <= 0 || fd.revents == 0)
			return 0;
		int rc = receive(session, err);
		if (rc > 0)
			continue;
		if (rc == 0 && session->packet.type == FETCH_ERROR &&
		    err_is_set(&session->packet.error)) { /* it could not begin */
			if (err != NULL)
				*err = session->packet.error;
			return -1;
		}
		return rc < 0 ? -1 : unexpected(err);
	}
}

/* --- blobs --- */

static bool is_digest(const char *hex)
{
	return strspn(hex, "0123456789abcdef") == DIGEST_HEX_LEN && hex[DIGEST_HEX_LEN] == '\0';
}

int registry_fetch(struct registry_session *session, const struct registry_descriptor *blob,
		   size_t *out_blob, struct err *err)
{
	struct fetch_packet *packet = &session->packet;
	int pair[2];
	if (!is_digest(blob->digest))
		return err_set(err, ERR_INVALID, "no digest: \"%.80s\"", blob->digest);
	if (session->going == REGISTRY_BLOBS_MAX)
		return err_set(err, ERR_CONFLICT, "more than %u layers at a time",
			       REGISTRY_BLOBS_MAX);
	if (pipe2(pair, O_CLOEXEC) < 0)
		return err_sys(err, "make a pipe");
	AUTO_FD ours = pair[0];
	AUTO_FD theirs = pair[1];
	/* As large as it may be: else the default does. */
	(void)fcntl(ours, F_SETPIPE_SZ, PIPE_BYTES);
	packet->type = FETCH_BLOB;
	packet->what = (uint32_t)session->blobs_len;
	packet->len = 0;
	packet->descriptor.size = blob->size;
	memcpy(packet->descriptor.digest, blob->digest, DIGEST_HEX_SIZE);
	packet->descriptor.media_type[0] = '\0';
	if (fetch_packet_send(session->sock_fd, packet, theirs, err) < 0)
		return -1;
	session->blobs = mem_realloc(session->blobs,
				     (session->blobs_len + 1) * sizeof(*session->blobs));
	session->blobs[session->blobs_len] = (struct blob_record){ .size = blob->size };
	*out_blob = session->blobs_len++;
	session->going++;
	return fd_take(&ours);
}

int registry_blob_state(struct registry_session *session, size_t blob, struct err *err)
{
	if (blob >= session->blobs_len)
		return err_set(err, ERR_INVALID, "there is no blob %zu", blob);
	const struct blob_record *record = &session->blobs[blob];
	if (record->state == BLOB_FAILED && err != NULL)
		*err = record->err;
	return record->state == BLOB_FAILED ? -1 : record->state == BLOB_GOOD;
}
