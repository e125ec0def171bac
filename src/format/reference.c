/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Image references: pure text, no network, no store. The first part is a host only if it looks
 * like one (a dot, a port, "localhost", a capital letter); everything else is on docker.io.
 */
#include "format/reference.h"

#include "base/digest.h"
#include "base/mem.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#define LOWER "abcdefghijklmnopqrstuvwxyz"
#define UPPER "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
#define DIGIT "0123456789"

#define DEFAULT_DOMAIN REFERENCE_DEFAULT_DOMAIN
#define DEFAULT_PREFIX "library/"

void reference_done(struct reference *reference)
{
	free(reference->domain);
	free(reference->path);
	free(reference->tag);
	free(reference->digest);
	memset(reference, 0, sizeof(*reference));
}

/* [a-z0-9]+ joined by one of "." "_" "__" "-"... */
static bool is_path_component(const char *text, size_t len)
{
	const char *end = text + len;
	for (;;) {
		size_t n = strspn(text, LOWER DIGIT);
		if (n == 0 || text + n > end)
			return false;
		text += n;
		if (text == end)
			return true;
		size_t dashes = strspn(text, "-");
		if (dashes > 0)
			text += dashes;
		else if (text[0] == '_' && text[1] == '_')
			text += 2;
		else if (text[0] == '_' || text[0] == '.')
			text += 1;
		else
			return false;
		if (text >= end)
			return false;
	}
}

static bool is_path(const char *path)
{
	for (;;) {
		size_t len = strcspn(path, "/");
		if (!is_path_component(path, len))
			return false;
		if (path[len] == '\0')
			return true;
		path += len + 1;
	}
}

static bool is_host_name(const char *host, size_t len)
{
	for (size_t start = 0; start <= len;) {
		size_t end = start;
		while (end < len && host[end] != '.')
			end++;
		if (end == start || host[start] == '-' || host[end - 1] == '-')
			return false;
		for (size_t i = start; i < end; i++)
			if (strchr(LOWER UPPER DIGIT "-", host[i]) == NULL)
				return false;
		start = end + 1;
	}
	return true;
}

/* host, host:port, or [IPv6]:port */
static bool is_domain(const char *domain)
{
	size_t len;
	if (domain[0] == '[') {
		len = strspn(domain + 1, "0123456789abcdefABCDEF:") + 1;
		if (len < 3 || domain[len++] != ']')
			return false;
	} else {
		len = strcspn(domain, ":");
		if (!is_host_name(domain, len))
			return false;
	}
	if (domain[len] == '\0')
		return true;
	const char *port = domain + len + 1;
	return domain[len] == ':' && port[0] != '\0' && port[strspn(port, DIGIT)] == '\0';
}

static bool is_tag(const char *tag)
{
	size_t len = strspn(tag, LOWER UPPER DIGIT "_.-");
	return len > 0 && len <= REFERENCE_TAG_MAX && tag[len] == '\0' && tag[0] != '.' &&
	       tag[0] != '-';
}

static bool looks_like_domain(const char *part)
{
	return strpbrk(part, ".:" UPPER) != NULL || strcmp(part, "localhost") == 0 ||
	       part[0] == '[';
}

/* Cut "@digest" and ":tag" off the end of `name`. */
static int cut_tail(char *name, struct reference *out, const char *text, struct err *err)
{
	char *at = strchr(name, '@');
	if (at != NULL) {
		*at = '\0';
		const char *hex = digest_parse(at + 1);
		if (hex == NULL)
			return err_set(err, ERR_INVALID,
				       "image name %s: the digest is not sha256:<64 hex digits>",
				       text);
		out->digest = mem_strdup(hex);
	}
	char *slash = strrchr(name, '/');
	char *colon = strchr(slash != NULL ? slash : name, ':');
	if (colon != NULL) {
		*colon = '\0';
		if (!is_tag(colon + 1))
			return err_set(err, ERR_INVALID, "image name %s: bad tag", text);
		out->tag = mem_strdup(colon + 1);
	} else if (at == NULL) {
		out->tag = mem_strdup("latest");
	}
	return 0;
}

static void split_domain(const char *name, struct reference *out)
{
	const char *slash = strchr(name, '/');
	AUTO_FREE char *first = slash != NULL ? mem_strndup(name, (size_t)(slash - name)) : NULL;
	if (first == NULL || !looks_like_domain(first)) {
		out->domain = mem_strdup(DEFAULT_DOMAIN);
	} else {
		bool is_alias = strcmp(first, "index." DEFAULT_DOMAIN) == 0;
		out->domain = mem_strdup(is_alias ? DEFAULT_DOMAIN : first);
		name = slash + 1;
	}
	bool is_official = strcmp(out->domain, DEFAULT_DOMAIN) == 0 && strchr(name, '/') == NULL;
	out->path = mem_printf("%s%s", is_official ? DEFAULT_PREFIX : "", name);
}

int reference_parse(const char *text, struct reference *out, struct err *err)
{
	AUTO(struct reference, reference_done) reference = { 0 };
	if (strlen(text) >
	    REFERENCE_NAME_MAX + REFERENCE_TAG_MAX + sizeof("@sha256:") + DIGEST_HEX_LEN)
		return err_set(err, ERR_INVALID, "image name %.64s...: too long", text);
	if (strlen(text) == DIGEST_HEX_LEN && text[strspn(text, DIGIT "abcdef")] == '\0')
		return err_set(err, ERR_INVALID, "image name %s: 64 hex digits are an image id",
			       text);
	AUTO_FREE char *name = mem_strdup(text);
	if (cut_tail(name, &reference, text, err) < 0)
		return -1;
	split_domain(name, &reference);
	if (!is_domain(reference.domain))
		return err_set(err, ERR_INVALID, "image name %s: bad host name %s", text,
			       reference.domain);
	if (!is_path(reference.path)) {
		err_set(err, ERR_INVALID, "image name %s: bad repository name", text);
		return strpbrk(reference.path, UPPER) != NULL
			       ? err_hint(err, "repository names are lower case")
			       : -1;
	}
	if (strlen(reference.domain) + 1 + strlen(reference.path) > REFERENCE_NAME_MAX)
		return err_set(err, ERR_INVALID, "image name %.64s...: longer than %d characters",
			       text, REFERENCE_NAME_MAX);
	*out = reference;
	memset(&reference, 0, sizeof(reference));
	return 0;
}

static char *with_tail(const char *domain, const char *path, const struct reference *reference)
{
	const char *tag = reference->tag, *digest = reference->digest;
	return mem_printf("%s%s%s%s%s%s%s", domain, domain[0] != '\0' ? "/" : "", path,
			  tag != NULL ? ":" : "", tag != NULL ? tag : "",
			  digest != NULL ? "@sha256:" : "", digest != NULL ? digest : "");
}

char *reference_format(const struct reference *reference)
{
	return with_tail(reference->domain, reference->path, reference);
}

char *reference_familiar(const struct reference *reference)
{
	if (strcmp(reference->domain, DEFAULT_DOMAIN) != 0)
		return reference_format(reference);
	const char *path = reference->path;
	const size_t prefix_len = sizeof(DEFAULT_PREFIX) - 1;
	if (strncmp(path, DEFAULT_PREFIX, prefix_len) == 0 &&
	    strchr(path + prefix_len, '/') == NULL)
		path += prefix_len;
	/* docker.io/r.example/x: without its domain it would be of r.example. */
	AUTO_FREE char *first = mem_strndup(path, strcspn(path, "/"));
	if (strchr(path, '/') != NULL && looks_like_domain(first))
		return reference_format(reference);
	return with_tail("", path, reference);
}
