/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The worker: hears from the engine whom to ask, goes into the sandbox, then does what it is asked
 * for, while blobs go on in between. Speaks to the engine and to registries only.
 */
#include "registry/worker.h"

#include "base/mem.h"
#include "registry/auth.h"
#include "registry/bounds.h"
#include "registry/jobs.h"
#include "registry/sandbox.h"
#include "sys/fd.h"

#include <fcntl.h>
#include <malloc.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define CONTROL_FD 1

#define SYSTEM_FILE_MAX (4u << 20)

static struct fetch_packet out_packet, in_packet;

struct fetch_packet *fetch_packet(void)
{
	return &out_packet;
}

int fetch_say(enum fetch_packet_type type, uint32_t what, const void *data, size_t len,
	      struct err *err)
{
	out_packet.type = type;
	out_packet.what = what;
	out_packet.len = (uint32_t)len;
	if (len > 0)
		memcpy(out_packet.data, data, len);
	return fetch_packet_send(CONTROL_FD, &out_packet, -1, err);
}

/* --- the session --- */

static int add_field(struct net *net, const struct fetch_packet *packet, struct err *err)
{
	char **place;
	if (packet->what == FETCH_REPOSITORY)
		place = &net->repository;
	else if (packet->what < FETCH_FIELDS && net->endpoints_len > 0)
		place = &net->endpoints[net->endpoints_len - 1].fields[packet->what];
	else
		return err_set(err, ERR_REMOTE, "a field of nothing");
	size_t have = *place != NULL ? strlen(*place) : 0;
	if (have + packet->len > FETCH_FIELD_MAX)
		return err_set(err, ERR_INVALID, "a text of more than %u bytes", FETCH_FIELD_MAX);
	char *longer = mem_printf("%s%s", *place != NULL ? *place : "", packet->data);
	auth_wipe(*place);
	*place = longer;
	return 0;
}

static int add_endpoint(struct net *net, const struct fetch_packet *packet, struct err *err)
{
	if (net->endpoints_len == FETCH_ENDPOINTS_MAX)
		return err_set(err, ERR_INVALID, "more than %u mirrors", FETCH_ENDPOINTS_MAX);
	struct endpoint *endpoint = &net->endpoints[net->endpoints_len++];
	endpoint->is_plain_http = packet->endpoint.is_plain_http != 0;
	endpoint->skips_verify = packet->endpoint.skips_verify != 0;
	return 0;
}

static int finish_endpoint(struct net *net, struct endpoint *endpoint, struct err *err)
{
	const char *prefix = endpoint->fields[FETCH_PREFIX];
	if (endpoint->fields[FETCH_HOST] == NULL)
		return err_set(err, ERR_INVALID, "an endpoint without a host");
	bool has_prefix = prefix != NULL && prefix[0] != '\0';
	endpoint->path = mem_printf("%s%s%s", has_prefix ? prefix : "", has_prefix ? "/" : "",
				    net->repository);
	AUTO_FREE char *url = endpoint_url(endpoint, "");
	return origin_of(url, &endpoint->origin, err);
}

/* Until START. @return 0, or -1 */
static int hear_session(struct net *net, struct err *err)
{
	int rc;
	for (;;) {
		rc = fetch_packet_recv(CONTROL_FD, &in_packet, NULL, err);
		if (rc <= 0)
			return rc < 0 ? -1 : err_set(err, ERR_REMOTE, "the engine is gone");
		if (in_packet.type == FETCH_START)
			break;
		if (in_packet.type == FETCH_ENDPOINT)
			rc = add_endpoint(net, &in_packet, err);
		else if (in_packet.type == FETCH_FIELD)
			rc = add_field(net, &in_packet, err);
		else
			rc = err_set(err, ERR_REMOTE, "an unknown packet");
		explicit_bzero(&in_packet, sizeof(in_packet));
		if (rc < 0)
			return -1;
	}
	net->can_push = in_packet.start.can_push != 0;
	net->stall_s = in_packet.start.stall_s != 0 ? in_packet.start.stall_s : FETCH_STALL_S;
	if (net->repository == NULL)
		net->repository = mem_strdup("");
	for (size_t i = 0; i < net->endpoints_len; i++)
		if (finish_endpoint(net, &net->endpoints[i], err) < 0)
			return -1;
	return net->endpoints_len > 0 ? 0 : err_set(err, ERR_INVALID, "nobody to ask");
}

/* --- what the sandbox's root holds --- */

struct files {
	struct fetch_sandbox_file list[FETCH_ENDPOINTS_MAX + 4];
	struct buf texts[FETCH_ENDPOINTS_MAX + 4];
	size_t len;
};

static void files_done(struct files *files)
{
	for (size_t i = 0; i < files->len; i++)
		buf_done(&files->texts[i]);
}

static void add_file(struct files *files, const char *path, const struct buf *text)
{
	buf_add(&files->texts[files->len], buf_str(text), text->len);
	files->list[files->len] = (struct fetch_sandbox_file){
		.path = path,
		.text = buf_str(&files->texts[files->len]),
		.len = files->texts[files->len].len,
	};
	files->len++;
}

/* A file of the host that need not be there. */
static void read_host_file(const char *path, struct buf *out)
{
	AUTO_FD fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd >= 0 && fd_read_all(fd, SYSTEM_FILE_MAX, path, out, NULL) < 0)
		buf_reset(out);
}

/* Where systems keep the authorities that they trust, after what libcurl was built for. */
static void read_authorities(struct buf *out)
{
	static const char *const paths[] = {
		"/etc/ssl/certs/ca-certificates.crt",
		"/etc/pki/tls/certs/ca-bundle.crt",
		"/etc/ssl/ca-bundle.pem",
		"/etc/ssl/cert.pem",
	};
	const curl_version_info_data *built = curl_version_info(CURLVERSION_NOW);
	if (built->cainfo != NULL)
		read_host_file(built->cainfo, out);
	for (size_t i = 0; i < ARRAY_LEN(paths) && out->len == 0; i++)
		read_host_file(paths[i], out);
}

/* One file for all who have no authority of their own, so that libcurl reads it once. */
static void add_authorities(struct files *files, struct net *net)
{
	AUTO(struct buf, buf_done) ours = { 0 };
	read_authorities(&ours);
	add_file(files, "etc/ca.pem", &ours);
	for (size_t i = 0; i < net->endpoints_len; i++) {
		struct endpoint *endpoint = &net->endpoints[i];
		AUTO(struct buf, buf_done) all = { 0 };
		endpoint->ca_path = mem_strdup("/etc/ca.pem");
		if (endpoint->fields[FETCH_CA] == NULL)
			continue;
		free(endpoint->ca_path);
		endpoint->ca_path = mem_printf("/etc/ca-%zu.pem", i);
		buf_addf(&all, "%s\n%s\n", buf_str(&ours), endpoint->fields[FETCH_CA]);
		add_file(files, endpoint->ca_path + 1, &all);
	}
}

static int enter(struct net *net, struct err *err)
{
	static const char order[] = "hosts: files dns\n";
	AUTO(struct files, files_done) files = { 0 };
	AUTO(struct buf, buf_done) resolv = { 0 }, hosts = { 0 }, nsswitch = { 0 };
	read_host_file("/etc/resolv.conf", &resolv);
	read_host_file("/etc/hosts", &hosts);
	/* Other sources of names would be libraries, which are not to be had in there. */
	buf_add_str(&nsswitch, order);
	add_file(&files, "etc/resolv.conf", &resolv);
	add_file(&files, "etc/hosts", &hosts);
	add_file(&files, "etc/nsswitch.conf", &nsswitch);
	add_authorities(&files, net);
	fd_close_from(FETCH_SANDBOX_FDS);
	if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
		return err_set(err, ERR_SYSTEM, "start libcurl");
	if (net_init(net, err) < 0)
		return -1;
	return fetch_sandbox_enter(files.list, files.len, err);
}

/* --- what is asked --- */

static int run_resolve(struct net *net, struct err *err)
{
	const char *words[4], *at = in_packet.data, *end = in_packet.data + in_packet.len;
	for (size_t i = 0; i < ARRAY_LEN(words); i++) {
		words[i] = at;
		at += strlen(at) + 1;
		if (at > end)
			return err_set(err, ERR_REMOTE, "half a question");
	}
	char copy[FETCH_CHUNK_MAX];
	memcpy(copy, in_packet.data, in_packet.len); /* the packet is used again meanwhile */
	for (size_t i = 0; i < ARRAY_LEN(words); i++)
		words[i] = copy + (words[i] - in_packet.data);
	return resolve_image(net, words, err);
}

static void answer(struct net *net, struct blobs *blobs, int fd)
{
	struct err err = { 0 };
	int rc;
	switch (in_packet.type) {
	case FETCH_BLOB:
		blobs_add(blobs, &in_packet, fd);
		return;
	case FETCH_RESOLVE:
		rc = run_resolve(net, &err);
		break;
	case FETCH_TAGS:
		rc = list_tags(net, &err);
		break;
	case FETCH_LOGIN:
		rc = check_login(net, &err);
		break;
	default:
		rc = err_set(&err, ERR_REMOTE, "an unknown request");
		break;
	}
	fd_close(&fd);
	out_packet.error = err;
	fetch_say(rc == 0 ? FETCH_END : FETCH_ERROR, 0, NULL, 0, NULL);
}

static bool is_asked(void)
{
	struct pollfd fd = { .fd = CONTROL_FD, .events = POLLIN };
	return poll(&fd, 1, 0) > 0 && (fd.revents & POLLIN) != 0;
}

static void serve(struct net *net, struct blobs *blobs)
{
	for (;;) {
		int patience = blobs_advance(blobs);
		net_turn(net, patience, true);
		if (!is_asked())
			continue;
		int fd = -1;
		if (fetch_packet_recv(CONTROL_FD, &in_packet, &fd, NULL) <= 0)
			return;
		answer(net, blobs, fd);
	}
}

int fetch_worker_main(int argc, char **argv)
{
	static struct net net = { .control_fd = CONTROL_FD };
	struct err err = { 0 };
	(void)argv;
	if (argc != 2) {
		fprintf(stderr, "onggi-fetch is a part of onggi; it is not run by hand\n");
		return 2;
	}
	/* Names are asked for in threads, and an arena for each would be beyond our limit. */
	mallopt(M_ARENA_MAX, 1);
	/* A pipe that nobody reads any more is a blob that nobody wants. */
	sigaction(SIGPIPE, &(struct sigaction){ .sa_handler = SIG_IGN }, NULL);
	if (hear_session(&net, &err) < 0 || enter(&net, &err) < 0) {
		out_packet.error = err;
		fetch_say(FETCH_ERROR, 0, NULL, 0, NULL);
		return 1;
	}
	serve(&net, blobs_new(&net));
	net_done(&net);
	return 0;
}
