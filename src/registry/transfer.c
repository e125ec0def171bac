/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One request on its way: set up, its answer taken in under limits, and the callbacks of libcurl.
 * What an answer leads to is in advance.c. Redirects are followed there by hand, because
 * credentials must not follow them.
 */
#include "base/mem.h"
#include "registry/auth.h"
#include "registry/bounds.h"
#include "registry/net.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

static void answer_clear(struct answer *answer)
{
	char **const owned[] = { &answer->location, &answer->link,  &answer->digest,
				 &answer->range,    &answer->limit, &answer->remaining };
	for (size_t i = 0; i < ARRAY_LEN(owned); i++) {
		free(*owned[i]);
		*owned[i] = NULL;
	}
	challenge_done(&answer->challenge);
	buf_done(&answer->body);
	memset(answer, 0, sizeof(*answer));
}

void transfer_init(struct transfer *transfer, struct net *net, struct endpoint *endpoint,
		   char *url_take)
{
	*transfer = (struct transfer){
		.net = net,
		.endpoint = endpoint,
		.url = url_take,
		.first_url = mem_strdup(url_take),
		.bound = endpoint->origin,
		.body_max = FETCH_ERROR_ANSWER_MAX,
	};
}

static void headers_free(struct curl_slist *headers)
{
	for (struct curl_slist *at = headers; at != NULL; at = at->next)
		explicit_bzero(at->data, strlen(at->data));
	curl_slist_free_all(headers);
}

/* The handle alone: the transfer may start again. */
static void release(struct transfer *transfer)
{
	if (transfer->easy != NULL) {
		if (transfer->is_running)
			curl_multi_remove_handle(transfer->net->multi, transfer->easy);
		curl_easy_cleanup(transfer->easy);
	}
	headers_free(transfer->headers);
	transfer->easy = NULL;
	transfer->headers = NULL;
	transfer->is_running = false;
}

void transfer_done(struct transfer *transfer)
{
	release(transfer);
	answer_clear(&transfer->answer);
	auth_wipe(transfer->authorization);
	auth_wipe(transfer->form);
	auth_wipe(transfer->url);
	auth_wipe(transfer->first_url);
	memset(transfer, 0, sizeof(*transfer));
}

void transfer_break(struct transfer *transfer, const struct err *why)
{
	if (!err_is_set(&transfer->broken))
		transfer->broken = *why;
}

/* --- the answer --- */

static void keep(char **place, const char *value)
{
	if (*place == NULL)
		*place = mem_strdup(value);
}

static void take_header(struct answer *answer, const char *name, const char *value)
{
	struct {
		const char *name;
		char **place;
	} const kept[] = {
		{ "content-range", &answer->range },
		{ "docker-content-digest", &answer->digest },
		{ "link", &answer->link },
		{ "location", &answer->location },
		{ "ratelimit-limit", &answer->limit },
		{ "ratelimit-remaining", &answer->remaining },
	};
	for (size_t i = 0; i < ARRAY_LEN(kept); i++)
		if (strcasecmp(name, kept[i].name) == 0)
			keep(kept[i].place, value);
	if (strcasecmp(name, "content-type") == 0 && answer->content_type[0] == '\0')
		header_media_type(value, answer->content_type);
	/* An unreadable challenge is none: the answer is a refusal all the same. */
	if (strcasecmp(name, "www-authenticate") == 0)
		challenge_read(value, &answer->challenge, NULL);
}

static int count_header(struct transfer *transfer, size_t len)
{
	struct err why = { 0 };
	transfer->header_bytes += len;
	transfer->header_lines++;
	if (transfer->header_bytes <= FETCH_HEADERS_MAX &&
	    transfer->header_lines <= FETCH_HEADER_LINES_MAX)
		return 0;
	err_set(&why, ERR_INVALID, "%s answers with more than %u header lines or %u bytes of them",
		transfer->endpoint->fields[FETCH_HOST], FETCH_HEADER_LINES_MAX, FETCH_HEADERS_MAX);
	transfer_break(transfer, &why);
	return -1;
}

static size_t on_header(char *data, size_t size, size_t count, void *arg)
{
	struct transfer *transfer = arg;
	size_t len = size * count;
	if (count_header(transfer, len) < 0)
		return 0;
	AUTO_FREE char *line = mem_strndup(data, len);
	line[strcspn(line, "\r\n")] = '\0';
	if (strncmp(line, "HTTP/", 5) == 0) { /* after "100 Continue" there is another */
		answer_clear(&transfer->answer);
		return len;
	}
	char *colon = strchr(line, ':');
	if (colon != NULL && colon != line) {
		char *value = colon + 1 + strspn(colon + 1, " \t");
		size_t end = strlen(value);
		while (end > 0 && (value[end - 1] == ' ' || value[end - 1] == '\t'))
			value[--end] = '\0';
		*colon = '\0';
		take_header(&transfer->answer, line, value);
	}
	return len;
}

static size_t keep_body(struct transfer *transfer, const char *data, size_t len, bool is_good)
{
	struct buf *body = &transfer->answer.body;
	size_t max = is_good ? transfer->body_max : FETCH_ERROR_ANSWER_MAX;
	struct err why = { 0 };
	if (len <= max - body->len) {
		buf_add(body, data, len);
		return len;
	}
	if (is_good) {
		err_set(&why, ERR_INVALID, "%s answers with more than %zu bytes",
			transfer->endpoint->fields[FETCH_HOST], max);
		transfer_break(transfer, &why);
	} else {
		transfer->is_enough = true;
	}
	return 0;
}

static size_t on_body(char *data, size_t size, size_t count, void *arg)
{
	struct transfer *transfer = arg;
	long status = 0;
	curl_easy_getinfo(transfer->easy, CURLINFO_RESPONSE_CODE, &status);
	transfer->answer.status = status;
	if (transfer->sink != NULL && (status == 200 || status == 206))
		return transfer->sink(transfer, data, size * count);
	return keep_body(transfer, data, size * count, status >= 200 && status < 300);
}

/* --- the request --- */

static void add_header(struct transfer *transfer, const char *name, const char *value)
{
	AUTO_FREE char *line = mem_printf("%s: %s", name, value);
	struct curl_slist *longer = curl_slist_append(transfer->headers, line);
	if (longer == NULL)
		mem_die("out of memory");
	transfer->headers = longer;
	explicit_bzero(line, strlen(line));
}

static void set_limits(struct transfer *transfer)
{
	CURL *easy = transfer->easy;
	curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT, (long)FETCH_CONNECT_S);
	curl_easy_setopt(easy, CURLOPT_LOW_SPEED_LIMIT, 1L);
	curl_easy_setopt(easy, CURLOPT_LOW_SPEED_TIME, (long)transfer->net->stall_s);
	if (transfer->sink == NULL)
		curl_easy_setopt(easy, CURLOPT_TIMEOUT, (long)transfer->net->stall_s * 3);
	else
		curl_easy_setopt(easy, CURLOPT_BUFFERSIZE, 256L << 10);
}

/* The client's certificate belongs to the endpoint, as its credentials do; that its name need not
 * be verified was said of its host. */
static void set_tls(struct transfer *transfer, const struct origin *origin)
{
	const struct endpoint *endpoint = transfer->endpoint;
	CURL *easy = transfer->easy;
	curl_easy_setopt(easy, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
	curl_easy_setopt(easy, CURLOPT_CAINFO, endpoint->ca_path);
	curl_easy_setopt(easy, CURLOPT_CAPATH, NULL);
	if (endpoint->skips_verify && strcmp(origin->host, endpoint->origin.host) == 0) {
		curl_easy_setopt(easy, CURLOPT_SSL_VERIFYPEER, 0L);
		curl_easy_setopt(easy, CURLOPT_SSL_VERIFYHOST, 0L);
	}
	if (endpoint->fields[FETCH_CERT] == NULL || !origin_equal(origin, &endpoint->origin))
		return;
	const char *key = endpoint->fields[FETCH_KEY] != NULL ? endpoint->fields[FETCH_KEY]
							      : endpoint->fields[FETCH_CERT];
	struct curl_blob cert_blob = { .data = endpoint->fields[FETCH_CERT],
				       .len = strlen(endpoint->fields[FETCH_CERT]),
				       .flags = CURL_BLOB_COPY };
	struct curl_blob key_blob = { .data = (void *)(uintptr_t)key,
				      .len = strlen(key),
				      .flags = CURL_BLOB_COPY };
	curl_easy_setopt(easy, CURLOPT_SSLCERT_BLOB, &cert_blob);
	curl_easy_setopt(easy, CURLOPT_SSLKEY_BLOB, &key_blob);
}

static void set_callbacks(struct transfer *transfer)
{
	CURL *easy = transfer->easy;
	curl_easy_setopt(easy, CURLOPT_PRIVATE, transfer);
	curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, on_header);
	curl_easy_setopt(easy, CURLOPT_HEADERDATA, transfer);
	curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, on_body);
	curl_easy_setopt(easy, CURLOPT_WRITEDATA, transfer);
	curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, transfer->curl_text);
	curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(easy, CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
}

static void set_request(struct transfer *transfer, const struct origin *origin)
{
	CURL *easy = transfer->easy;
	char range[32];
	curl_easy_setopt(easy, CURLOPT_URL, transfer->url);
	curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, origin->is_https ? "https" : "http");
	curl_easy_setopt(easy, CURLOPT_DISALLOW_USERNAME_IN_URL, 1L);
	curl_easy_setopt(easy, CURLOPT_PATH_AS_IS, 1L);
	curl_easy_setopt(easy, CURLOPT_USERAGENT, "onggi/" ONGGI_VERSION);
	curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_2TLS);
	if (transfer->form != NULL)
		curl_easy_setopt(easy, CURLOPT_POSTFIELDS, transfer->form);
	if (transfer->accept != NULL)
		add_header(transfer, "Accept", transfer->accept);
	/* Bytes as they are: digests are over them. */
	add_header(transfer, "Accept-Encoding", "identity");
	if (transfer->authorization != NULL && origin_equal(origin, &transfer->bound))
		add_header(transfer, "Authorization", transfer->authorization);
	if (transfer->offset > 0) {
		snprintf(range, sizeof(range), "%llu-", (unsigned long long)transfer->offset);
		curl_easy_setopt(easy, CURLOPT_RANGE, range);
	}
	curl_easy_setopt(easy, CURLOPT_HTTPHEADER, transfer->headers);
}

int transfer_start(struct transfer *transfer, struct err *err)
{
	struct origin origin;
	if (origin_of(transfer->url, &origin, err) < 0)
		return -1;
	release(transfer);
	answer_clear(&transfer->answer);
	transfer->is_done = transfer->is_enough = false;
	transfer->is_checked = false;
	transfer->header_bytes = transfer->header_lines = 0;
	transfer->wait_until_ns = 0;
	transfer->curl_text[0] = '\0';
	transfer->easy = curl_easy_init();
	if (transfer->easy == NULL)
		mem_die("out of memory");
	set_callbacks(transfer);
	set_limits(transfer);
	set_tls(transfer, &origin);
	set_request(transfer, &origin);
	if (curl_multi_add_handle(transfer->net->multi, transfer->easy) != CURLM_OK)
		return err_set(err, ERR_SYSTEM, "start a transfer");
	transfer->is_running = true;
	return 0;
}
