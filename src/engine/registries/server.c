/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Text only: no name is resolved here, so that what is insecure is decided by what was written,
 * never by what a name service says of it.
 */
#include "engine/registries/server.h"

#include "base/mem.h"
#include "format/number.h"
#include "format/reference.h"

#include <arpa/inet.h>
#include <string.h>
#include <strings.h>

#define HUB     REFERENCE_DEFAULT_DOMAIN
#define HUB_KEY "https://index." HUB "/v1/"

static const char *skip_scheme(const char *text)
{
	static const char *const schemes[] = { "https://", "http://" };
	for (size_t i = 0; i < ARRAY_LEN(schemes); i++)
		if (strncasecmp(text, schemes[i], strlen(schemes[i])) == 0)
			return text + strlen(schemes[i]);
	return text;
}

/* The host alone when the rest is an API's path and not a repository's. */
static char *canonical(const char *text)
{
	static const char *const aliases[] = { "index." HUB, "registry-1." HUB };
	const char *start = skip_scheme(text);
	size_t len = strlen(start), host_len = strcspn(start, "/");
	const char *path = start + host_len;
	while (len > 0 && start[len - 1] == '/')
		len--;
	if (start != text || strcmp(path, "/v1/") == 0 || strcmp(path, "/v2/") == 0)
		len = host_len;
	for (size_t i = 0; i < ARRAY_LEN(aliases); i++)
		if (strlen(aliases[i]) == host_len && strncmp(start, aliases[i], host_len) == 0)
			return mem_printf(HUB "%.*s", (int)(len - host_len), path);
	return mem_strndup(start, len);
}

char *server_name_of_key(const char *key)
{
	return canonical(key);
}

char *server_name_parse(const char *text, struct err *err)
{
	AUTO_FREE char *name = canonical(text);
	/* A name is good if it can begin the name of an image. */
	AUTO_FREE char *image = mem_printf("%s/x", name);
	AUTO(struct reference, reference_done) reference = { 0 };
	size_t host_len = strcspn(name, "/");
	if (strlen(name) <= REFERENCE_NAME_MAX && strpbrk(name, "@") == NULL &&
	    reference_parse(image, &reference, NULL) == 0 && strlen(reference.domain) == host_len &&
	    strncmp(reference.domain, name, host_len) == 0)
		return ptr_take(&name);
	err_set(err, ERR_INVALID, "%.200s: not the name of a registry", text);
	err_hint(err, "a registry is HOST:PORT, or a HOST with a dot in it");
	return NULL;
}

const char *server_key(const char *name)
{
	return strcmp(name, HUB) == 0 ? HUB_KEY : name;
}

const char *server_address(const char *host)
{
	return strcmp(host, HUB) == 0 ? "registry-1." HUB : host;
}

void server_names_above(const char *name, struct strv *out)
{
	for (size_t len = strlen(name); len > 0;) {
		strv_add_take(out, mem_strndup(name, len));
		while (len > 0 && name[len - 1] != '/')
			len--;
		if (len > 0)
			len--;
	}
}

bool server_is_within(const char *name, const char *prefix)
{
	size_t host_len = strcspn(name, "/");
	if (strncmp(prefix, "*.", 2) == 0) {
		const char *domain = prefix + 1;
		size_t len = strlen(domain), name_len = strcspn(name, "/:");
		return name_len > len && strncasecmp(name + name_len - len, domain, len) == 0;
	}
	if (host_len != strcspn(prefix, "/") || strncasecmp(name, prefix, host_len) != 0)
		return false;
	size_t path_len = strlen(prefix) - host_len;
	return strncmp(name + host_len, prefix + host_len, path_len) == 0 &&
	       (name[host_len + path_len] == '\0' || name[host_len + path_len] == '/');
}

/* "127.0.0.1:5000", "[::1]:5000": the address as bytes. */
static bool parse_address(const char *host, struct server_range *out)
{
	char text[INET6_ADDRSTRLEN];
	bool is_v6 = host[0] == '[';
	const char *start = is_v6 ? host + 1 : host;
	size_t len = strcspn(start, is_v6 ? "]" : ":");
	if (len >= sizeof(text))
		return false;
	memcpy(text, start, len);
	text[len] = '\0';
	*out = (struct server_range){ .is_v6 = is_v6, .bits = is_v6 ? 128 : 32 };
	return inet_pton(is_v6 ? AF_INET6 : AF_INET, text, out->bytes) == 1;
}

bool server_range_parse(const char *text, struct server_range *out)
{
	struct server_range range = { .is_v6 = strchr(text, ':') != NULL };
	char address[INET6_ADDRSTRLEN];
	uint64_t bits;
	const char *slash = strchr(text, '/');
	if (slash == NULL || (size_t)(slash - text) >= sizeof(address))
		return false;
	memcpy(address, text, (size_t)(slash - text));
	address[slash - text] = '\0';
	if (number_parse(slash + 1, range.is_v6 ? 128 : 32, &bits, NULL) < 0 ||
	    inet_pton(range.is_v6 ? AF_INET6 : AF_INET, address, range.bytes) != 1)
		return false;
	range.bits = (unsigned)bits;
	*out = range;
	return true;
}

bool server_is_in_range(const char *host, const struct server_range *range)
{
	struct server_range address;
	if (!parse_address(host, &address) || address.is_v6 != range->is_v6)
		return false;
	for (unsigned bit = 0; bit < range->bits; bit++)
		if ((address.bytes[bit / 8] ^ range->bytes[bit / 8]) & (0x80u >> bit % 8))
			return false;
	return true;
}

bool server_is_loopback(const char *host)
{
	static const struct server_range v4 = { .bytes = { 127 }, .bits = 8 };
	static const struct server_range v6 = { .bytes = { [15] = 1 }, .bits = 128, .is_v6 = true };
	size_t len = strcspn(host, ":");
	bool is_named = len == strlen("localhost") && strncasecmp(host, "localhost", len) == 0;
	return is_named || server_is_in_range(host, &v4) || server_is_in_range(host, &v6);
}
