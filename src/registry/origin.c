/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Origins of URLs. What a registered domain is, only a list that grows every week knows; here it is
 * the last two labels, and three where the second-last is one of the words that countries put
 * there.
 */
#include "registry/origin.h"

#include "registry/bounds.h"

#include <string.h>
#include <strings.h>

static const char host_chars[] =
	"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_";

static int bad_url(struct err *err, const char *why)
{
	return err_set(err, ERR_INVALID, "an address that is not acceptable: %s", why);
}

static int read_port(const char *at, size_t len, uint16_t *out)
{
	unsigned port = 0;
	if (len == 0 || len > 5)
		return -1;
	for (size_t i = 0; i < len; i++) {
		if (at[i] < '0' || at[i] > '9')
			return -1;
		port = port * 10 + (unsigned)(at[i] - '0');
	}
	if (port == 0 || port > 65535)
		return -1;
	*out = (uint16_t)port;
	return 0;
}

static int read_authority(const char *at, size_t len, struct origin *out, struct err *err)
{
	size_t host_len = strspn(at, host_chars);
	if (at[0] == '[') {
		host_len = 1 + strspn(at + 1, "0123456789abcdefABCDEF:.");
		if (at[host_len] != ']')
			return bad_url(err, "its host");
		host_len++;
	}
	if (host_len == 0 || host_len > len || host_len >= sizeof(out->host))
		return bad_url(err, "its host");
	for (size_t i = 0; i < host_len; i++)
		out->host[i] = at[i] >= 'A' && at[i] <= 'Z' ? (char)(at[i] + 32) : at[i];
	out->host[host_len] = '\0';
	if (host_len == len)
		return 0;
	if (at[host_len] != ':' || read_port(at + host_len + 1, len - host_len - 1, &out->port) < 0)
		return bad_url(err, "its host or port");
	return 0;
}

int origin_of(const char *url, struct origin *out, struct err *err)
{
	struct origin origin = { 0 };
	size_t len = strnlen(url, FETCH_URL_MAX + 1), scheme_len;
	if (len > FETCH_URL_MAX)
		return bad_url(err, "too long");
	for (size_t i = 0; i < len; i++)
		if (url[i] <= ' ' || url[i] > '~' || url[i] == '\\')
			return bad_url(err, "a character that does not belong there");
	if (strncasecmp(url, "https://", 8) == 0) {
		origin.is_https = true;
		origin.port = 443;
		scheme_len = 8;
	} else if (strncasecmp(url, "http://", 7) == 0) {
		origin.port = 80;
		scheme_len = 7;
	} else {
		return bad_url(err, "neither http nor https");
	}
	if (read_authority(url + scheme_len, strcspn(url + scheme_len, "/?#"), &origin, err) < 0)
		return -1;
	*out = origin;
	return 0;
}

bool origin_equal(const struct origin *a, const struct origin *b)
{
#ifdef ONGGI_WEAK_ORIGIN /* shows that tests/registry/evil.py can fail; never installed */
	return true;
#endif
	return a->is_https == b->is_https && a->port == b->port && strcmp(a->host, b->host) == 0;
}

/* The start of the label before `end`. */
static const char *label_before(const char *host, const char *end)
{
	while (end > host && end[-1] != '.')
		end--;
	return end;
}

static bool is_address(const char *host)
{
	return host[0] == '[' || strspn(host, "0123456789.") == strlen(host);
}

/* "co.uk", "com.br": not a name that one person has. */
static bool is_shared(const char *second, size_t len, const char *top)
{
	static const char *const words[] = { "ac",  "co", "com", "edu", "go", "gob",
					     "gov", "gv", "ne",  "net", "or", "org" };
	if (strlen(top) != 2)
		return false;
	for (size_t i = 0; i < ARRAY_LEN(words); i++)
		if (strlen(words[i]) == len && strncmp(second, words[i], len) == 0)
			return true;
	return false;
}

/* @return the part of `host` that somebody registered; the whole where that is not to be known */
static const char *registered(const char *host)
{
	const char *end = host + strlen(host);
	const char *top = label_before(host, end);
	if (is_address(host) || top == host)
		return host;
	const char *second = label_before(host, top - 1);
	if (second == host || !is_shared(second, (size_t)(top - 1 - second), top))
		return second;
	return label_before(host, second - 1);
}

bool origin_may_have_credentials(const struct origin *registry, const struct origin *realm)
{
	bool is_same = strcmp(registry->host, realm->host) == 0;
#ifdef ONGGI_WEAK_ORIGIN
	return true;
#endif
	if (!realm->is_https)
		return !registry->is_https && is_same;
	return is_same || strcmp(registered(registry->host), registered(realm->host)) == 0;
}
