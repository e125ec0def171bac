/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What becomes of a transfer that is done: an answer, a failure, or another request. Redirects go
 * to http or https, never from https to http; what is bound to an origin stays behind elsewhere.
 */
#include "base/clock.h"
#include "base/json.h"
#include "base/mem.h"
#include "format/printable.h"
#include "registry/auth.h"
#include "registry/bounds.h"
#include "registry/net.h"

#include <string.h>

#define MS 1000000ull

/* Somebody else's words on one line. */
static char *shown(const char *text)
{
	struct buf out = { 0 };
	printable_add_cut(&out, text, 200);
	return buf_take(&out);
}

static const char *host_of(const struct transfer *transfer)
{
	return transfer->endpoint->fields[FETCH_HOST];
}

/* --- redirects --- */

char *transfer_resolve_url(const char *base, const char *location)
{
	CURLU *url = curl_url();
	char *text = NULL, *out = NULL;
	if (url == NULL)
		mem_die("out of memory");
	if (curl_url_set(url, CURLUPART_URL, base, 0) == CURLUE_OK &&
	    curl_url_set(url, CURLUPART_URL, location, 0) == CURLUE_OK &&
	    curl_url_set(url, CURLUPART_FRAGMENT, NULL, 0) == CURLUE_OK &&
	    curl_url_get(url, CURLUPART_URL, &text, 0) == CURLUE_OK)
		out = mem_strdup(text);
	curl_free(text);
	curl_url_cleanup(url);
	return out;
}

static bool is_redirect(const struct transfer *transfer)
{
	long status = transfer->answer.status;
	return (status == 301 || status == 302 || status == 303 || status == 307 ||
		status == 308) &&
	       transfer->answer.location != NULL;
}

static int follow(struct transfer *transfer, struct err *err)
{
	struct origin from, to;
	const char *location = transfer->answer.location;
	if (transfer->form != NULL)
		return err_set(err, ERR_INVALID, "%s wants to pass our credentials on: not done",
			       host_of(transfer));
	if (++transfer->redirects > FETCH_REDIRECTS_MAX)
		return err_set(err, ERR_INVALID, "%s: more than %u redirects", host_of(transfer),
			       FETCH_REDIRECTS_MAX);
	AUTO_FREE char *url = strlen(location) <= FETCH_URL_MAX
				      ? transfer_resolve_url(transfer->url, location)
				      : NULL;
	if (url == NULL || origin_of(url, &to, NULL) < 0)
		return err_set(err, ERR_INVALID,
			       "%s redirects to an address that is not acceptable",
			       host_of(transfer));
	if (origin_of(transfer->url, &from, err) < 0)
		return -1;
	if (from.is_https && !to.is_https)
		return err_set(err, ERR_INVALID, "%s redirects from https to http: not followed",
			       host_of(transfer));
	auth_wipe(transfer->url);
	transfer->url = ptr_take(&url);
	return transfer_start(transfer, err);
}

/* --- another attempt --- */

static void wait_ms(struct transfer *transfer, uint64_t ms)
{
	transfer->wait_until_ns = clock_monotonic_ns() + ms * MS;
	transfer->is_done = false;
	/* A redirect's target may be good for a short while only: begin where we began. */
	transfer->redirects = 0;
	auth_wipe(transfer->url);
	transfer->url = mem_strdup(transfer->first_url);
}

/* @return 1 when it waits for another attempt, 0 when there is none */
static int again(struct transfer *transfer, unsigned attempts_max)
{
	uint64_t ms = (uint64_t)FETCH_BACKOFF_MS << transfer->attempts;
	uint64_t asked_ms = transfer->answer.retry_after_s * 1000;
	if (++transfer->attempts >= attempts_max ||
	    transfer->answer.retry_after_s > FETCH_RETRY_AFTER_S_MAX)
		return 0;
	/* Not all at once, when many were sent away together. */
	ms += clock_monotonic_ns() / 1000 % (ms / 4);
	wait_ms(transfer, asked_ms > ms ? asked_ms : ms);
	return 1;
}

static int failed(const struct transfer *transfer, struct err *err)
{
	const char *text = transfer->curl_text[0] != '\0' ? transfer->curl_text
							  : curl_easy_strerror(transfer->result);
	err_set(err, ERR_REMOTE, "%s: %s", host_of(transfer), text);
	if (transfer->result == CURLE_PEER_FAILED_VERIFICATION)
		err_hint(err, "its certificate is signed by nobody we know: give the authority's, "
			      "or --tls-verify=false");
	else if (strstr(text, "wrong version number") != NULL)
		err_hint(err, "it seems to speak plain http, which must be said of a registry");
	return -1;
}

/* The connection failed. @return 1 again, -1 for good */
static int retry_failed(struct transfer *transfer, struct err *err)
{
	unsigned attempts_max = FETCH_ATTEMPTS_MAX;
	switch (transfer->result) {
	case CURLE_PEER_FAILED_VERIFICATION:
	case CURLE_SSL_CACERT_BADFILE:
	case CURLE_SSL_CERTPROBLEM:
	case CURLE_SSL_CONNECT_ERROR:
	case CURLE_URL_MALFORMAT:
	case CURLE_UNSUPPORTED_PROTOCOL:
	case CURLE_WRITE_ERROR:
		return failed(transfer, err);
	case CURLE_COULDNT_RESOLVE_HOST:
	case CURLE_COULDNT_RESOLVE_PROXY:
	case CURLE_COULDNT_CONNECT:
	case CURLE_OPERATION_TIMEDOUT:
		/* A name that is not there, a port that is closed, a minute that has passed. */
		attempts_max = 2;
		break;
	default:
		break;
	}
	return again(transfer, attempts_max) ? 1 : failed(transfer, err);
}

static bool is_busy(long status)
{
	return status == 408 || status == 429 || status == 500 || status == 502 || status == 503 ||
	       status == 504;
}

/* --- refusals --- */

/* What the registry itself says, from {"errors":[{"code":..., "message":...}]}. Owned; may be "".
 */
static char *words_of(const struct answer *answer)
{
	struct json_source source = { .what = "the answer", .max_bytes = FETCH_ERROR_ANSWER_MAX };
	AUTO_JSON struct json_object *doc = NULL;
	AUTO_FREE char *message = NULL, *code = NULL;
	const struct buf *body = &answer->body;
	if (json_parse_strict(buf_str(body), body->len, &source, &doc, NULL) < 0)
		return mem_strdup("");
	struct json_at root = json_root(doc), list = json_member(&root, "errors");
	struct json_at first = json_item(&list, 0);
	if (json_len(&list) == 0)
		return mem_strdup("");
	json_get_str(&first, "code", &code, NULL);
	json_get_str(&first, "message", &message, NULL);
	AUTO_FREE char *text = shown(message != NULL ? message : code != NULL ? code : "");
	return text[0] != '\0' ? mem_printf(": %s", text) : mem_strdup("");
}

static int too_many(const struct transfer *transfer, const char *words, struct err *err)
{
	const struct answer *answer = &transfer->answer;
	AUTO_FREE char *limit = shown(answer->limit != NULL ? answer->limit : "?");
	AUTO_FREE char *left = shown(answer->remaining != NULL ? answer->remaining : "?");
	err_set(err, ERR_REMOTE, "%s: too many requests%s", host_of(transfer), words);
	if (answer->retry_after_s > 0)
		err_hint(err, "it may be asked again in %llu s; limit %s, left %s",
			 (unsigned long long)answer->retry_after_s, limit, left);
	else if (answer->limit != NULL || answer->remaining != NULL)
		err_hint(err, "limit %s, left %s; more for those who log in", limit, left);
	else
		err_hint(err, "try later, log in, or use a mirror");
	return -1;
}

int transfer_refused(const struct transfer *transfer, const char *what, struct err *err)
{
	long status = transfer->answer.status;
	AUTO_FREE char *words = words_of(&transfer->answer);
	if (status == 404)
		return err_set(err, ERR_NOT_FOUND, "%s: %s: not found%s", host_of(transfer), what,
			       words);
	if (status == 429)
		return too_many(transfer, words, err);
	if (status == 401 || status == 403) {
		err_set(err, ERR_DENIED, "%s: %s: access denied (%ld)%s", host_of(transfer), what,
			status, words);
		return err_hint(err, "it may need a login, or not exist");
	}
	return err_set(err, ERR_REMOTE, "%s: %s: status %ld%s", host_of(transfer), what, status,
		       words);
}

/* --- all of it --- */

static void take_info(struct transfer *transfer)
{
	curl_off_t seconds = 0;
	long status = 0;
	curl_easy_getinfo(transfer->easy, CURLINFO_RESPONSE_CODE, &status);
	curl_easy_getinfo(transfer->easy, CURLINFO_RETRY_AFTER, &seconds);
	transfer->answer.status = status;
	transfer->answer.retry_after_s = seconds > 0 ? (uint64_t)seconds : 0;
}

/* @return 1 going on, 0 answered, -1 */
static int judge(struct transfer *transfer, struct err *err)
{
	if (err_is_set(&transfer->broken)) {
		*err = transfer->broken;
		return -1;
	}
	take_info(transfer);
	if (transfer->result != CURLE_OK && !transfer->is_enough)
		return retry_failed(transfer, err);
	if (is_redirect(transfer))
		return follow(transfer, err) < 0 ? -1 : 1;
	if (transfer->answer.status == 401 && !transfer->is_token_request) {
		if (auth_answer(transfer, err) < 0)
			return -1;
		return transfer_start(transfer, err) < 0 ? -1 : 1;
	}
	return is_busy(transfer->answer.status) ? again(transfer, FETCH_ATTEMPTS_MAX) : 0;
}

enum transfer_state transfer_advance(struct transfer *transfer, struct err *err)
{
	struct err why = { 0 };
	int rc = 1;
	if (transfer->wait_until_ns != 0) {
		if (clock_monotonic_ns() >= transfer->wait_until_ns)
			rc = transfer_start(transfer, &why) < 0 ? -1 : 1;
	} else if (transfer->is_done) {
		rc = judge(transfer, &why);
	}
	if (rc < 0 && err != NULL)
		*err = why;
	return rc < 0 ? TRANSFER_FAILED : rc > 0 ? TRANSFER_GOING : TRANSFER_ANSWERED;
}

int transfer_patience(const struct transfer *transfer, int limit)
{
	uint64_t now = clock_monotonic_ns();
	if (transfer->wait_until_ns == 0)
		return transfer->is_done ? 0 : limit;
	if (transfer->wait_until_ns <= now)
		return 0;
	uint64_t ms = (transfer->wait_until_ns - now) / MS + 1;
	return ms < (uint64_t)limit ? (int)ms : limit;
}

int transfer_run(struct transfer *transfer, struct err *err)
{
	enum transfer_state state;
	auth_prepare(transfer);
	if (transfer_start(transfer, err) < 0)
		return -1;
	while ((state = transfer_advance(transfer, err)) == TRANSFER_GOING)
		net_turn(transfer->net, transfer_patience(transfer, 1000), false);
	return state == TRANSFER_ANSWERED ? 0 : -1;
}
