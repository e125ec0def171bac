/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A secret goes through memory files alone, never through an argument, the environment or a
 * message. A memory file that may not grow is what caps an answer.
 * Kernel: 3.17 (memfd_create, F_SEAL_GROW).
 */
#include "engine/registries/keeper.h"

#include "base/json.h"
#include "base/json_write.h"
#include "base/mem.h"
#include "base/utf8.h"
#include "base/warn.h"
#include "engine/registries/secret.h"
#include "sys/errand.h"
#include "sys/fd.h"
#include "sys/host.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

/* The user name of what is a token and no password. */
#define TOKEN_NAME "<token>"

#define NAME_MAX_LEN 64
#define NAME_CHARS   "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-"

extern char **environ;

static int open_answer(struct err *err)
{
	AUTO_FD fd = memfd_create("answer", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	if (fd < 0 || ftruncate(fd, KEEPER_OUTPUT_MAX) < 0 ||
	    fcntl(fd, F_ADD_SEALS, F_SEAL_GROW | F_SEAL_SHRINK) < 0)
		return err_sys(err, "make a memory file");
	return fd_take(&fd);
}

/* Up to the first NUL: what was never written is NUL. */
static int read_answer(int fd, struct buf *out, struct err *err)
{
	buf_reserve(out, KEEPER_OUTPUT_MAX);
	ssize_t n = pread(fd, out->data, KEEPER_OUTPUT_MAX, 0);
	if (n < 0)
		return err_sys(err, "read a memory file");
	out->data[n] = '\0';
	out->len = strlen(out->data);
	while (out->len > 0 && strchr("\r\n\t ", out->data[out->len - 1]) != NULL)
		out->data[--out->len] = '\0';
	return 0;
}

static char *find_program(const char *name, struct err *err)
{
	const char *dirs = getenv("PATH");
	if (name[0] == '\0' || strlen(name) > NAME_MAX_LEN ||
	    name[strspn(name, NAME_CHARS)] != '\0') {
		err_set(err, ERR_INVALID, "%.100s: not the name of a program for credentials",
			name);
		return NULL;
	}
	AUTO_FREE char *program = mem_printf("docker-credential-%s", name);
	char *path = dirs != NULL ? host_find_program(program, dirs) : NULL;
	if (path == NULL) {
		err_set(err, ERR_NOT_FOUND, "%s: no such program in PATH", program);
		err_hint(err, "it is named as credsStore or credHelpers in a file of credentials");
	}
	return path;
}

/* Its output also when it fails: that is where it says why. */
static int ask(const char *name, const char *action, const char *input, struct buf *out,
	       struct err *err)
{
	AUTO_FREE char *path = find_program(name, err);
	AUTO(struct buf, buf_done) said = { 0 };
	AUTO_FD output_fd = path != NULL ? open_answer(err) : -1;
	AUTO_FD error_fd = output_fd >= 0 ? open_answer(err) : -1;
	if (error_fd < 0)
		return -1;
	AUTO_FREE char *program = mem_printf("docker-credential-%s", name);
	AUTO_FREE char *word = mem_strdup(action);
	char *argv[] = { program, word, NULL };
	const struct errand errand = {
		.path = path,
		.argv = argv,
		.envp = environ,
		.input = input,
		.timeout_s = KEEPER_TIMEOUT_S,
		.output_fd = output_fd,
		.error_fd = error_fd,
	};
	struct err why = { 0 };
	int result = errand_run(&errand, &why);
	if (read_answer(output_fd, out, err) < 0 || read_answer(error_fd, &said, err) < 0)
		return -1;
	if (result == 0) {
		if (said.len > 0)
			warn_say("%s: %.500s", program, buf_str(&said));
		return 0;
	}
	err_set(err, why.kind, "%s %s: %s", program, action, why.text);
	if (said.len > 0)
		err_set(err, why.kind, "%s %s: %s: %.500s", program, action, why.text,
			buf_str(&said));
	return -1;
}

int keeper_parse(const char *text, size_t len, struct registry_credentials *out, struct err *err)
{
	const struct json_source source = {
		.what = "its answer",
		.max_bytes = KEEPER_OUTPUT_MAX,
		.is_secret = true,
	};
	AUTO_JSON_SECRET struct json_object *doc = NULL;
	AUTO(struct registry_credentials, registry_credentials_done) found = { 0 };
	if (json_parse_strict(text, len, &source, &doc, err) < 0)
		return -1;
	const struct json_at root = json_root(doc);
	if (json_need(json_get_str(&root, "Username", &found.username, err), &root, "Username",
		      err) < 0 ||
	    json_need(json_get_str(&root, "Secret", &found.secret, err), &root, "Secret", err) < 0)
		return -1;
	if (strcmp(found.username, TOKEN_NAME) == 0) {
		found.identity_token = ptr_take(&found.secret);
		free(ptr_take(&found.username));
	}
	if (secret_check(&found, err) < 0)
		return -1;
	*out = found;
	found = (struct registry_credentials){ 0 };
	return 0;
}

/* Programs say it in these words, and docker knows none by another sign. */
static bool says_not_found(const struct buf *answer)
{
	return strcmp(buf_str(answer), "credentials not found in native keychain") == 0;
}

static bool is_utf8(const char *text)
{
	for (size_t len; *text != '\0'; text += len)
		if ((len = utf8_len((const unsigned char *)text)) == 0)
			return false;
	return true;
}

/* Programs say on their standard output why they failed. */
static int blame(const struct err *why, const struct buf *answer, struct err *err)
{
	if (answer->len == 0 || why->kind != ERR_REMOTE) {
		if (err != NULL)
			*err = *why;
		return -1;
	}
	return err_set(err, why->kind, "%s: %.500s", why->text, buf_str(answer));
}

int keeper_get(const char *name, const char *server, struct registry_credentials *out,
	       struct err *err)
{
	AUTO(struct buf, secret_buf_done) answer = { 0 };
	struct err why = { 0 };
	if (ask(name, "get", server, &answer, &why) == 0) {
		if (keeper_parse(buf_str(&answer), answer.len, out, err) < 0)
			return err_context(err, "docker-credential-%s get", name);
		return out->identity_token == NULL && out->secret[0] == '\0' ? 0 : 1;
	}
	if (says_not_found(&answer))
		return 0;
	return blame(&why, &answer, err);
}

int keeper_store(const char *name, const char *server,
		 const struct registry_credentials *credentials, struct err *err)
{
	bool is_token = credentials->identity_token != NULL;
	const char *secret = is_token ? credentials->identity_token : credentials->secret;
	const char *username = is_token ? TOKEN_NAME : credentials->username;
	if (!is_utf8(secret) || !is_utf8(username))
		return err_set(err, ERR_INVALID,
			       "docker-credential-%s takes UTF-8 only, which this is not", name);
	AUTO(struct buf, secret_buf_done) input = { 0 };
	AUTO(struct buf, secret_buf_done) answer = { 0 };
	buf_reserve(&input, KEEPER_OUTPUT_MAX); /* no copies left behind by growing */
	buf_add_char(&input, '{');
	json_add_str(&input, "ServerURL", server);
	json_add_str(&input, "Username", username);
	json_add_str(&input, "Secret", secret);
	buf_add_char(&input, '}');
	struct err why = { 0 };
	if (ask(name, "store", buf_str(&input), &answer, &why) == 0)
		return 0;
	return blame(&why, &answer, err);
}

int keeper_erase(const char *name, const char *server, struct err *err)
{
	AUTO(struct buf, secret_buf_done) answer = { 0 };
	struct err why = { 0 };
	if (ask(name, "erase", server, &answer, &why) == 0 || says_not_found(&answer))
		return 0;
	return blame(&why, &answer, err);
}
