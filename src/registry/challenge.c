/* SPDX-License-Identifier: Apache-2.0 */
/*
 * WWW-Authenticate. Its grammar is ambiguous at commas: after one there is a parameter when a word
 * is followed by "=", else the next scheme. Single pass over a NUL-terminated text.
 */
#include "registry/challenge.h"

#include "base/mem.h"

#include <string.h>
#include <strings.h>

static const char token_chars[] =
	"!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";

#define BLANKS " \t"

void challenge_done(struct challenge *challenge)
{
	free(challenge->realm);
	free(challenge->service);
	free(challenge->error);
	memset(challenge, 0, sizeof(*challenge));
}

/* A quoted string, unescaped. @return owned, or NULL when it does not end */
static char *quoted(const char **at)
{
	const char *from = *at + 1;
	char *out = mem_alloc(strlen(from) + 1, 1);
	size_t len = 0;
	for (; *from != '\0' && *from != '"'; from++) {
		if (*from == '\\' && from[1] != '\0')
			from++;
		out[len++] = *from;
	}
	if (*from != '"') {
		free(out);
		return NULL;
	}
	*at = from + 1;
	return out;
}

static char *word(const char **at)
{
	size_t len = strspn(*at, token_chars);
	char *out = mem_strndup(*at, len);
	*at += len;
	return out;
}

/* Where the value of a parameter begins, when there is one at `at` ("name = value"). */
static const char *value_of(const char *at)
{
	size_t len = strspn(at, token_chars);
	const char *equals = at + len + strspn(at + len, BLANKS);
	if (len == 0 || *equals != '=')
		return NULL;
	return equals + 1 + strspn(equals + 1, BLANKS);
}

static int keep(struct challenge *into, const char *name, char **value, struct err *err)
{
	struct {
		const char *name;
		char **place;
	} const places[] = {
		{ "error", &into->error },
		{ "realm", &into->realm },
		{ "service", &into->service },
	};
	for (size_t i = 0; i < ARRAY_LEN(places); i++) {
		if (strcasecmp(name, places[i].name) != 0)
			continue;
		if (*places[i].place != NULL)
			return err_set(err, ERR_INVALID, "a challenge with two of \"%s\"",
				       places[i].name);
		*places[i].place = ptr_take(value);
	}
	return 0;
}

/* The parameters of one challenge; `into` is NULL when nobody wants them. */
static int read_params(const char **at, struct challenge *into, struct err *err)
{
	for (;;) {
		const char *next = *at + strspn(*at, BLANKS ",");
		const char *from = value_of(next);
		if (from == NULL)
			return 0;
		AUTO_FREE char *name = word(&next);
		AUTO_FREE char *value = *from == '"' ? quoted(&from) : word(&from);
		if (value == NULL)
			return err_set(err, ERR_INVALID,
				       "a challenge with a quote that has no end");
		*at = from;
		if (into != NULL && keep(into, name, &value, err) < 0)
			return -1;
	}
}

/* "Negotiate abc==": something that is no parameter and no scheme. */
static void skip_token68(const char **at)
{
	const char *from = *at + strspn(*at, BLANKS);
	size_t len = strcspn(from, ", \t");
	if (from > *at && len > 0 && (value_of(from) == NULL || from[len - 1] == '='))
		*at = from + len;
}

int challenge_read(const char *value, struct challenge *into, struct err *err)
{
	const char *at = value;
	for (;;) {
		at += strspn(at, BLANKS ",");
		if (*at == '\0')
			return 0;
		AUTO_FREE char *scheme = word(&at);
		if (scheme[0] == '\0' || strchr(BLANKS ",", *at) == NULL)
			return err_set(err, ERR_INVALID, "an unreadable challenge");
		bool is_bearer = strcasecmp(scheme, "bearer") == 0;
		bool is_first = is_bearer && !into->has_bearer;
		if (strcasecmp(scheme, "basic") == 0)
			into->has_basic = true;
		if (is_bearer)
			into->has_bearer = true;
		else
			skip_token68(&at);
		if (read_params(&at, is_first ? into : NULL, err) < 0)
			return -1;
	}
}
