/* SPDX-License-Identifier: Apache-2.0 */
/* Logins: credentials are asked of a registry first, and kept when it takes them. */
#include "base/mem.h"
#include "engine/registries/credentials.h"
#include "engine/registries/server.h"
#include "engine/registries/target.h"
#include "format/reference.h"
#include "runtime/libexec.h"

#include <string.h>

char *registries_server_name(const char *server, struct err *err)
{
	return server_name_parse(server != NULL ? server : REFERENCE_DEFAULT_DOMAIN, err);
}

int registries_login_find(const char *server, const struct registries_options *options,
			  struct registry_credentials *out, struct err *err)
{
	return credentials_find(server, options->auth_file, out, err);
}

static int ask_one(const char *worker_path, const struct registries_choice *choice, size_t index,
		   char **out_token, struct err *err)
{
	struct registry_target target = choice->target;
	target.endpoints = &choice->endpoints[index];
	target.endpoints_len = 1;
	struct registry_session *session = registry_open(worker_path, &target, NULL, NULL, err);
	if (session == NULL)
		return -1;
	int result = registry_check_login(session, out_token, err);
	registry_close(session);
	return result;
}

int registries_login_check(const char *server, const struct registries_options *options,
			   struct registry_credentials *credentials, struct err *err)
{
	AUTO_FREE char *libexec_path = libexec_find(err);
	if (libexec_path == NULL || secret_check(credentials, err) < 0)
		return -1;
	AUTO_FREE char *worker_path = mem_printf("%s/onggi-fetch", libexec_path);
	AUTO_FREE char *host = mem_strndup(server, strcspn(server, "/"));
	const char *path = server[strlen(host)] == '/' ? server + strlen(host) + 1 : "";
	const struct target_name name = { .host = host, .path = path };
	struct registries_options with = *options;
	with.credentials = credentials;
	AUTO(struct registries_choice, registries_choice_done) choice = { 0 };
	if (target_make(&name, &with, &choice, err) < 0)
		return -1;
	for (size_t i = 0;; i++) {
		AUTO_SECRET char *token = NULL;
		struct err why = { 0 };
		if (ask_one(worker_path, &choice, i, &token, &why) == 0) {
			if (token != NULL) {
				secret_free(ptr_take(&credentials->secret));
				credentials->identity_token = ptr_take(&token);
			}
			return 0;
		}
		/* Nobody there who speaks TLS: then by plain http, where that is allowed. */
		if (why.kind == ERR_REMOTE && i + 1 < choice.target.endpoints_len)
			continue;
		if (err != NULL)
			*err = why;
		if (err == NULL || why.kind != ERR_DENIED)
			return err_context(err, "log in to %s", server);
		err->hint[0] = '\0'; /* it is to log in */
		return err_context(err, "log in to %s: unauthorized", server);
	}
}

int registries_login_keep(const char *server, const struct registries_options *options,
			  const struct registry_credentials *credentials, char **out_plain_path,
			  struct err *err)
{
	if (credentials_keep(server, options->auth_file, credentials, out_plain_path, err) < 0)
		return err_context(err, "keep the credentials of %s", server);
	return 0;
}

int registries_login_forget(const char *server, const struct registries_options *options,
			    struct strv *out, struct err *err)
{
	return credentials_forget(server, options->auth_file, out, err);
}
