/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From the name of an image to the places that are asked for it. What is said to whom is decided
 * here, before anything is sent: plain http comes from a rule that somebody wrote, never from an
 * answer.
 */
#include "engine/registries/target.h"

#include "base/mem.h"
#include "base/warn.h"
#include "engine/registries/certs.h"
#include "engine/registries/credentials.h"
#include "engine/registries/server.h"

#include <string.h>

/* Somebody to ask, and all that the endpoints borrow. */
struct registries_party {
	char *host, *prefix;
	struct certs certs;
	struct registry_credentials credentials;
	bool has_credentials;
};

#define PARTIES_MAX   (SETTINGS_MIRRORS_MAX + 1)
#define ENDPOINTS_MAX (2 * PARTIES_MAX)

static void party_done(struct registries_party *party)
{
	free(party->host);
	free(party->prefix);
	certs_done(&party->certs);
	registry_credentials_done(&party->credentials);
}

void registries_choice_done(struct registries_choice *choice)
{
	for (size_t i = 0; i < choice->parties_len; i++)
		party_done(&choice->parties[i]);
	free(choice->parties);
	free(choice->endpoints);
	free(choice->repository);
	memset(choice, 0, sizeof(*choice));
}

static void add_endpoint(struct registries_choice *choice, const struct registries_party *party,
			 bool is_plain_http, bool skips_verify)
{
	choice->endpoints[choice->target.endpoints_len++] = (struct registry_endpoint){
		.host = server_address(party->host),
		.prefix = party->prefix,
		.is_plain_http = is_plain_http,
		.skips_verify = skips_verify,
		.ca_pem = party->certs.ca_pem,
		.cert_pem = party->certs.cert_pem,
		.key_pem = party->certs.key_pem,
		.credentials = party->has_credentials ? &party->credentials : NULL,
	};
}

/* A registry of this machine is insecure, as docker has it, unless somebody took the trouble to
 * give it a certificate. */
static bool is_insecure(const struct settings *settings, const struct registries_party *party,
			enum registries_tls tls)
{
	if (tls != REGISTRIES_TLS_AS_SET)
		return tls == REGISTRIES_TLS_UNVERIFIED;
	return settings_is_insecure(settings, party->host) ||
	       (server_is_loopback(party->host) && party->certs.ca_pem == NULL);
}

static int party_open(struct registries_party *party, const char *path,
		      const struct registry_credentials *given, const char *auth_file,
		      struct err *err)
{
	if (certs_find(party->host, &party->certs, err) < 0)
		return -1;
	party->has_credentials = given != NULL;
	if (given != NULL) {
		party->credentials = secret_copy(given);
		return 0;
	}
	AUTO_FREE char *name = mem_printf("%s%s%s%s%s", party->host,
					  party->prefix[0] != '\0' ? "/" : "", party->prefix,
					  path[0] != '\0' ? "/" : "", path);
	int found = credentials_find(name, auth_file, &party->credentials, err);
	party->has_credentials = found > 0;
	return found < 0 ? -1 : 0;
}

/* Consumes `location`. */
static int add_party(struct registries_choice *choice, const struct settings *settings,
		     struct settings_location *location, const struct registries_options *options,
		     struct err *err)
{
	struct registries_party *party = &choice->parties[choice->parties_len++];
	bool is_plain = location->is_plain_http;
	party->host = ptr_take(&location->host);
	party->prefix = ptr_take(&location->prefix);
	if (party_open(party, choice->repository, options->credentials, options->auth_file, err) <
	    0)
		return -1;
	bool insecure = is_insecure(settings, party, options->tls);
	if (insecure && options->tls == REGISTRIES_TLS_UNVERIFIED &&
	    !server_is_loopback(party->host))
		warn_say("%s: whoever is on the way can read and change what is sent: TLS is not "
			 "verified",
			 party->host);
	if (!is_plain)
		add_endpoint(choice, party, false, insecure);
	if (is_plain || insecure)
		add_endpoint(choice, party, true, false);
	return 0;
}

static int add_mirrors(struct registries_choice *choice, const struct settings *settings,
		       const char *name, const struct registries_options *options, struct err *err)
{
	const struct strv *mirrors = settings_mirrors_of(settings, name);
	/* Credentials that were given are the registry's, not a mirror's. */
	struct registries_options own = *options;
	own.credentials = NULL;
	for (size_t i = 0; mirrors != NULL && i < mirrors->len; i++) {
		AUTO(struct settings_location, settings_location_done) location = { 0 };
		if (settings_location_parse(mirrors->items[i], &location, err) < 0)
			return -1;
		if (location.is_plain_http && options->tls == REGISTRIES_TLS_VERIFIED)
			continue;
		if (add_party(choice, settings, &location, &own, err) < 0)
			return err_context(err, "mirror %s", mirrors->items[i]);
	}
	return 0;
}

int target_make(const struct target_name *name, const struct registries_options *options,
		struct registries_choice *out, struct err *err)
{
	AUTO(struct settings, settings_done) settings = { 0 };
	AUTO(struct registries_choice, registries_choice_done)
	choice = {
		.parties = mem_alloc(PARTIES_MAX, sizeof(struct registries_party)),
		.endpoints = mem_alloc(ENDPOINTS_MAX, sizeof(struct registry_endpoint)),
		.repository = mem_strdup(name->path),
	};
	AUTO_FREE char *full = mem_printf("%s%s%s", name->host, name->path[0] != '\0' ? "/" : "",
					  name->path);
	if (settings_read(&settings, err) < 0)
		return -1;
	const char *blocker = settings_blocked_by(&settings, full);
	if (blocker != NULL)
		return err_set(err, ERR_DENIED, "%s is blocked by %s", full, blocker);
	if (name->has_mirrors && add_mirrors(&choice, &settings, full, options, err) < 0)
		return -1;
	AUTO(struct settings_location, settings_location_done)
	itself = {
		.host = mem_strdup(name->host),
		.prefix = mem_strdup(""),
	};
	if (add_party(&choice, &settings, &itself, options, err) < 0)
		return -1;
	choice.target.endpoints = choice.endpoints;
	choice.target.repository = choice.repository;
	choice.target.can_push = options->can_push;
	*out = choice;
	choice = (struct registries_choice){ 0 };
	return 0;
}

int registries_target(const struct reference *reference, const struct registries_options *options,
		      struct registries_choice *out, struct err *err)
{
	const struct target_name name = {
		.host = reference->domain,
		.path = reference->path,
		.has_mirrors = !options->can_push,
	};
	return target_make(&name, options, out, err);
}
