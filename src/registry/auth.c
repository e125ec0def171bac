/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Credentials belong to the scheme, host and port of their endpoint. A token service gets them only
 * over https (http: only where the registry is plain http itself, and the same host), and only when
 * it is a neighbour of the registry or was named by the user. What a token is for, we say: the
 * registry's own wish might be for somebody else's repository.
 */
#include "registry/auth.h"

#include "base/clock.h"
#include "base/json.h"
#include "base/mem.h"
#include "format/base64.h"
#include "registry/bounds.h"

#include <string.h>

#define SECOND 1000000000ull

void auth_wipe(char *secret)
{
	if (secret != NULL)
		explicit_bzero(secret, strlen(secret));
	free(secret);
}

static bool has_password(const struct endpoint *endpoint)
{
	return endpoint->fields[FETCH_USERNAME] != NULL && endpoint->fields[FETCH_SECRET] != NULL;
}

static char *basic(const struct endpoint *endpoint)
{
	char *plain = mem_printf("%s:%s", endpoint->fields[FETCH_USERNAME],
				 endpoint->fields[FETCH_SECRET]);
	char *coded = base64_encode(plain, strlen(plain));
	char *out = mem_printf("Basic %s", coded);
	auth_wipe(plain);
	auth_wipe(coded);
	return out;
}

static void set_authorization(struct transfer *transfer, char *value_take)
{
	auth_wipe(transfer->authorization);
	transfer->authorization = value_take;
}

void auth_prepare(struct transfer *transfer)
{
	const struct endpoint *endpoint = transfer->endpoint;
	if (transfer->is_token_request)
		return;
	if (endpoint->token != NULL && clock_monotonic_ns() < endpoint->token_until_ns)
		set_authorization(transfer, mem_printf("Bearer %s", endpoint->token));
	else if (endpoint->wants_basic)
		set_authorization(transfer, basic(endpoint));
	else
		set_authorization(transfer, NULL);
}

static int denied(const struct endpoint *endpoint, const char *why, struct err *err)
{
	err_set(err, ERR_DENIED, "%s: %s", endpoint->fields[FETCH_HOST], why);
	return err_hint(err, "onggi login %s", endpoint->fields[FETCH_HOST]);
}

/* --- where tokens come from --- */

static bool has_credentials(const struct endpoint *endpoint)
{
	return has_password(endpoint) || endpoint->fields[FETCH_IDENTITY_TOKEN] != NULL;
}

static int check_realm(const struct endpoint *endpoint, const char *realm, struct origin *out,
		       struct err *err)
{
	const char *named = endpoint->fields[FETCH_TOKEN_HOST];
	if (origin_of(realm, out, err) < 0)
		return err_context(err, "%s: its token service", endpoint->fields[FETCH_HOST]);
	if (!out->is_https && endpoint->origin.is_https)
		return err_set(err, ERR_DENIED,
			       "%s wants us to get tokens over plain http: not done",
			       endpoint->fields[FETCH_HOST]);
	if (!has_credentials(endpoint) || origin_may_have_credentials(&endpoint->origin, out) ||
	    (named != NULL && out->is_https && strcmp(named, out->host) == 0))
		return 0;
	err_set(err, ERR_DENIED, "%s wants its credentials to be sent to %s%s: not done",
		endpoint->fields[FETCH_HOST], out->is_https ? "" : "http://", out->host);
	return err_hint(err, "another host is given them only where that is configured");
}

static void add_escaped(struct buf *out, const char *name, const char *value)
{
	char *escaped = curl_easy_escape(NULL, value, 0);
	if (escaped == NULL)
		mem_die("out of memory");
	buf_addf(out, "%s%s=%s", out->len > 0 ? "&" : "", name, escaped);
	explicit_bzero(escaped, strlen(escaped));
	curl_free(escaped);
}

/* What every request for a token says. */
static void add_wishes(struct buf *out, const struct transfer *transfer)
{
	const struct net *net = transfer->net;
	const char *service = transfer->answer.challenge.service;
	if (service != NULL)
		add_escaped(out, "service", service);
	if (net->repository[0] != '\0') {
		AUTO_FREE char *scope = mem_printf("repository:%s:pull%s", transfer->endpoint->path,
						   net->can_push ? ",push" : "");
		add_escaped(out, "scope", scope);
	}
}

static char *token_url(const struct transfer *transfer, const char *realm)
{
	const struct endpoint *endpoint = transfer->endpoint;
	AUTO(struct buf, buf_done) query = { 0 };
	add_wishes(&query, transfer);
	if (endpoint->fields[FETCH_USERNAME] != NULL)
		add_escaped(&query, "account", endpoint->fields[FETCH_USERNAME]);
	if (transfer->net->asks_offline) {
		add_escaped(&query, "client_id", "onggi");
		add_escaped(&query, "offline_token", "true");
	}
	return mem_printf("%s%c%s", realm, strchr(realm, '?') != NULL ? '&' : '?', buf_str(&query));
}

static char *refresh_form(const struct transfer *transfer)
{
	struct buf form = { 0 };
	add_escaped(&form, "grant_type", "refresh_token");
	add_wishes(&form, transfer);
	add_escaped(&form, "client_id", "onggi");
	add_escaped(&form, "refresh_token", transfer->endpoint->fields[FETCH_IDENTITY_TOKEN]);
	return buf_take(&form);
}

/* --- the token --- */

/* It becomes a header's value. */
static int check_token(const char *token, struct err *err)
{
	size_t len = strlen(token);
	if (len == 0 || len > FETCH_TOKEN_MAX)
		return err_set(err, ERR_INVALID, "a token of %zu bytes", len);
	for (size_t i = 0; i < len; i++)
		if (token[i] <= ' ' || token[i] > '~')
			return err_set(err, ERR_INVALID, "a token with bytes that are no text");
	return 0;
}

static int read_token(struct transfer *request, struct err *err)
{
	struct json_source source = { .what = "the token service's answer" };
	struct endpoint *endpoint = request->endpoint;
	const struct buf *body = &request->answer.body;
	AUTO_JSON struct json_object *doc = NULL;
	char *token = NULL, *other = NULL, *refresh = NULL;
	uint64_t seconds = 60;
	if (json_parse_strict(buf_str(body), body->len, &source, &doc, err) < 0)
		return -1;
	struct json_at root = json_root(doc);
	int rc = json_get_str(&root, "token", &token, err);
	if (rc >= 0)
		rc = json_get_str(&root, "access_token", &other, err);
	if (rc >= 0)
		rc = json_get_str(&root, "refresh_token", &refresh, err);
	if (rc >= 0)
		rc = json_get_uint64(&root, "expires_in", &seconds, err);
	if (token == NULL)
		token = ptr_take(&other);
	if (rc >= 0 && token == NULL)
		rc = err_set(err, ERR_INVALID, "the token service's answer has no token");
	if (rc >= 0 && (rc = check_token(token, err)) == 0 &&
	    (refresh == NULL || (rc = check_token(refresh, err)) == 0)) {
		auth_wipe(endpoint->token);
		endpoint->token = ptr_take(&token);
		/* A little less than it says: it also has to arrive. */
		seconds = seconds > 3600 ? 3600 : seconds < 60 ? 60 : seconds;
		endpoint->token_until_ns = clock_monotonic_ns() + (seconds - 10) * SECOND;
		auth_wipe(request->net->identity_token);
		request->net->identity_token = ptr_take(&refresh);
	}
	auth_wipe(token);
	auth_wipe(other);
	auth_wipe(refresh);
	return rc < 0 ? -1 : 0;
}

static int ask(struct transfer *request, struct err *err)
{
	long status;
	if (transfer_run(request, err) < 0)
		return -1;
	status = request->answer.status;
	if (status == 400 || status == 401 || status == 403)
		return denied(request->endpoint,
			      has_credentials(request->endpoint) ? "the credentials are refused"
								 : "a login is needed",
			      err);
	if (status != 200)
		return transfer_refused(request, "a token", err);
	return read_token(request, err);
}

static int get_token(const struct transfer *transfer, struct err *err)
{
	struct endpoint *endpoint = transfer->endpoint;
	const char *realm = transfer->answer.challenge.realm;
	struct origin origin;
	if (realm == NULL)
		return err_set(err, ERR_INVALID, "%s wants a token and does not say from where",
			       endpoint->fields[FETCH_HOST]);
	if (check_realm(endpoint, realm, &origin, err) < 0)
		return -1;
	bool has_identity = endpoint->fields[FETCH_IDENTITY_TOKEN] != NULL;
	struct transfer *request = mem_alloc(1, sizeof(*request));
	transfer_init(request, transfer->net, endpoint,
		      has_identity ? mem_strdup(realm) : token_url(transfer, realm));
	request->bound = origin;
	request->is_token_request = true;
	request->body_max = FETCH_TOKEN_ANSWER_MAX;
	request->accept = "application/json";
	if (has_identity)
		request->form = refresh_form(transfer);
	else if (has_password(endpoint))
		request->authorization = basic(endpoint);
	int rc = ask(request, err);
	transfer_done(request);
	free(request);
	return rc;
}

int auth_answer(struct transfer *transfer, struct err *err)
{
	struct endpoint *endpoint = transfer->endpoint;
	const struct challenge *challenge = &transfer->answer.challenge;
	struct origin here;
	/* Who asks must be whom the credentials are for. */
	if (origin_of(transfer->url, &here, err) < 0)
		return -1;
	if (!origin_equal(&here, &transfer->bound))
		return err_set(err, ERR_DENIED, "%s redirects to %s, which wants credentials",
			       endpoint->fields[FETCH_HOST], here.host);
	if (++transfer->auth_tries > 2)
		return transfer_refused(transfer, "the repository", err);
	if (challenge->has_bearer) {
		if (get_token(transfer, err) < 0)
			return -1;
	} else if (challenge->has_basic && has_password(endpoint) && !endpoint->wants_basic) {
		endpoint->wants_basic = true;
	} else if (challenge->has_basic && has_password(endpoint)) {
		return denied(endpoint, "the credentials are refused", err);
	} else if (challenge->has_basic) {
		return denied(endpoint, "a login is needed", err);
	} else {
		return transfer_refused(transfer, "the repository", err);
	}
	auth_prepare(transfer);
	return 0;
}
