/* SPDX-License-Identifier: Apache-2.0 */
/* onggi login: credentials for a registry, asked for, tried and kept. */
#include "base/mem.h"
#include "cli/output.h"
#include "cli/prompt.h"
#include "cli/registry_flags.h"
#include "cli/verb.h"
#include "sys/fd.h"

#include <string.h>
#include <unistd.h>

#define STDIN_MAX (32u << 10)

struct login_input {
	struct registry_flags flags; /* first: its table counts from here */
	char *username, *password;
	bool takes_stdin, wants_name;
};

static void wiped_free(char *text)
{
	if (text != NULL)
		explicit_bzero(text, strlen(text));
	free(text);
}

static void wiped_done(struct buf *text)
{
	if (text->data != NULL)
		explicit_bzero(text->data, text->capacity);
	buf_done(text);
}

static void login_done(void *pointer)
{
	struct login_input *input = pointer;
	registry_flags_done(&input->flags);
	free(input->username);
	wiped_free(input->password);
}

static int input_check(const struct login_input *input, struct err *err)
{
	if (input->takes_stdin && input->password != NULL)
		return err_set(err, ERR_INVALID,
			       "--password and --password-stdin are mutually exclusive");
	if (input->takes_stdin && input->username == NULL)
		return err_set(err, ERR_INVALID, "--password-stdin needs a user name (--username)");
	if (input->username != NULL && input->username[0] == '\0')
		return err_set(err, ERR_INVALID, "the user name is empty");
	if (input->password != NULL)
		output_warning("--password shows the password to every user of this machine; use "
			       "--password-stdin");
	return 0;
}

/* All of it, but for one end of line. */
static char *read_stdin(struct err *err)
{
	AUTO(struct buf, wiped_done) text = { 0 };
	buf_reserve(&text, STDIN_MAX + 65536); /* no copies left behind by growing */
	if (fd_read_all(STDIN_FILENO, STDIN_MAX, "the standard input", &text, err) < 0)
		return NULL;
	size_t len = text.len;
	len -= len > 0 && text.data[len - 1] == '\n';
	len -= len > 0 && text.data[len - 1] == '\r';
	if (len == 0 || memchr(text.data, '\0', len) != NULL) {
		err_set(err, ERR_INVALID, "the standard input has no password");
		return NULL;
	}
	return mem_strndup(text.data, len);
}

static char *ask(const char *question, const char *what, bool is_secret, struct err *err)
{
	AUTO(struct buf, wiped_done) line = { 0 };
	if (!output_is_terminal(STDIN_FILENO)) {
		err_set(err, ERR_INVALID,
			"cannot perform an interactive login from a non TTY device");
		err_hint(err, "give --username and --password-stdin");
		return NULL;
	}
	if (prompt_line(question, is_secret, &line, err) < 0)
		return NULL;
	if (line.len == 0) {
		err_set(err, ERR_INVALID, "the %s is empty", what);
		return NULL;
	}
	return mem_strdup(buf_str(&line));
}

/* What is missing, from the person or the pipe. */
static int credentials_complete(const struct login_input *input,
				struct registry_credentials *credentials, struct err *err)
{
	credentials->username = input->username != NULL
					? mem_strdup(input->username)
					: ask("Username: ", "user name", false, err);
	if (credentials->username == NULL)
		return -1;
	if (input->password != NULL)
		credentials->secret = mem_strdup(input->password);
	else
		credentials->secret = input->takes_stdin ? read_stdin(err)
							 : ask("Password: ", "password", true, err);
	return credentials->secret != NULL ? 0 : -1;
}

static int show_name(const char *server, const struct registries_options *options, struct err *err)
{
	AUTO(struct registry_credentials, registry_credentials_done) known = { 0 };
	int found = registries_login_find(server, options, &known, err);
	if (found < 0)
		return -1;
	if (found == 0)
		return err_set(err, ERR_NOT_FOUND, "not logged in to %s", server);
	return output_line(err, "%s", known.username != NULL ? known.username : "<token>");
}

/* @return 1 the ones that are kept are good, 0 they are not or there are none, -1 */
static int known_are_good(const char *server, const struct registries_options *options,
			  struct err *err)
{
	AUTO(struct registry_credentials, registry_credentials_done) known = { 0 };
	struct err why = { 0 };
	int found = registries_login_find(server, options, &known, err);
	if (found <= 0)
		return found;
	if (output_line(err, "Authenticating with existing credentials...") < 0)
		return -1;
	if (registries_login_check(server, options, &known, &why) == 0)
		return 1;
	if (why.kind == ERR_DENIED && output_is_terminal(STDIN_FILENO)) {
		output_error(&why);
		return 0;
	}
	if (err != NULL)
		*err = why;
	return -1;
}

static int log_in(const char *server, const struct login_input *input,
		  const struct registries_options *options, struct err *err)
{
	AUTO(struct registry_credentials, registry_credentials_done) credentials = { 0 };
	AUTO_FREE char *plain_path = NULL;
	if (credentials_complete(input, &credentials, err) < 0 ||
	    registries_login_check(server, options, &credentials, err) < 0 ||
	    registries_login_keep(server, options, &credentials, &plain_path, err) < 0)
		return -1;
	if (plain_path != NULL) {
		AUTO_FREE char *text = mem_printf("the credentials are kept unencrypted in %s; a "
						  "program named there as credsStore can do better",
						  plain_path);
		output_warning(text);
	}
	return 0;
}

static int login_verb(struct cli *cli, void *pointer, const struct strv *operands, struct err *err)
{
	const struct login_input *input = pointer;
	const struct registries_options options = registry_flags_options(&input->flags);
	(void)cli;
	AUTO_FREE char *server = registries_server_name(
		operands->len > 0 ? operands->items[0] : NULL, err);
	if (server == NULL)
		return -1;
	if (input->wants_name)
		return show_name(server, &options, err);
	if (input_check(input, err) < 0)
		return -1;
	int known = 0;
	if (input->username == NULL && input->password == NULL)
		known = known_are_good(server, &options, err);
	if (known < 0 || (known == 0 && log_in(server, input, &options, err) < 0))
		return -1;
	return output_line(err, "Login Succeeded");
}

static const struct option_row rows[] = {
	{ .name = "get-login",
	  .type = OPTION_FLAG,
	  .offset = offsetof(struct login_input, wants_name),
	  .help = "Print the user name that is kept for the registry, and do nothing else" },
	{ .name = "password",
	  .letter = 'p',
	  .type = OPTION_STRING,
	  .argument = "string",
	  .offset = offsetof(struct login_input, password),
	  .help = "The password, or a token; visible to every user of the machine" },
	{ .name = "password-stdin",
	  .type = OPTION_FLAG,
	  .offset = offsetof(struct login_input, takes_stdin),
	  .help = "Read the password from the standard input" },
	{ .name = "username",
	  .letter = 'u',
	  .type = OPTION_STRING,
	  .argument = "string",
	  .offset = offsetof(struct login_input, username),
	  .help = "Who to log in as" },
	{ 0 },
};

const struct verb verb_login = {
	.name = "login",
	.operands = "[REGISTRY]",
	.summary = "Log in to a registry",
	.details = "The credentials are asked for, tried at the registry, and kept when it takes "
		   "them. "
		   "Without REGISTRY it is docker.io. With a path behind it (REGISTRY/TEAM), they "
		   "are for "
		   "the repositories below it alone.\n\n"
		   "Where they are kept: in the file of --authfile or REGISTRY_AUTH_FILE; else in "
		   "containers/auth.json of XDG_RUNTIME_DIR or of ~/.config if that knows the "
		   "registry "
		   "already; else in config.json of DOCKER_CONFIG or of ~/.docker, which docker "
		   "shares. A "
		   "program docker-credential-NAME keeps them if the file names one as credsStore "
		   "or in "
		   "credHelpers.",
	.examples = "  onggi login registry.example\n"
		    "  onggi login -u me --password-stdin registry.example:5000 <token",
	.options = { { rows, registry_flag_rows } },
	.input_size = sizeof(struct login_input),
	.done = login_done,
	.operands_max = 1,
	.run = login_verb,
};
