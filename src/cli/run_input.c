/* SPDX-License-Identifier: Apache-2.0 */
/* The whole of a `run` command line: files read, defaults of the command line filled in. */
#include "cli/run_input.h"

#include "base/id.h"
#include "base/mem.h"
#include "format/env_file.h"
#include "format/number.h"
#include "sys/fd.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

void run_input_init(void *pointer)
{
	struct run_input *input = pointer;
	run_options_init(&input->options);
	input->options.sig_proxy = true;
	input->options.isolate = ISOLATE_ALL;
	input->trace_fd = -1;
}

void run_input_done(void *pointer)
{
	struct run_input *input = pointer;
	run_options_done(&input->options);
	strv_done(&input->env);
	strv_done(&input->env_files);
	strv_done(&input->labels);
	strv_done(&input->label_files);
	strv_done(&input->attach);
	free(input->trace_path);
	fd_close(&input->trace_fd);
}

static const char *environment_value(const char *key)
{
	return getenv(key);
}

static int read_pairs(const char *path, env_lookup *lookup, struct strv *out, struct err *err)
{
	AUTO_FD fd = open(path, O_RDONLY | O_CLOEXEC);
	AUTO(struct buf, buf_done) text = { 0 };
	if (fd < 0)
		return err_sys(err, "open %s", path);
	if (fd_read_all(fd, ENV_FILE_MAX, path, &text, err) < 0)
		return -1;
	return env_file_parse(buf_str(&text), text.len, path, lookup, out, err);
}

/* Files first, then the options: the later wins. */
static int env_finish(struct run_input *input, struct err *err)
{
	AUTO(struct strv, strv_done) pairs = { 0 };
	for (size_t i = 0; i < input->env_files.len; i++)
		if (read_pairs(input->env_files.items[i], environment_value, &pairs, err) < 0)
			return -1;
	for (size_t i = 0; i < input->env.len; i++) {
		const char *item = input->env.items[i];
		if (item[0] == '=' || item[0] == '\0')
			return err_set(err, ERR_INVALID, "invalid environment variable: %s", item);
		const char *value = strchr(item, '=') == NULL ? getenv(item) : NULL;
		if (value != NULL)
			strv_add_take(&pairs, mem_printf("%s=%s", item, value));
		else if (strchr(item, '=') != NULL)
			strv_add(&pairs, item);
	}
	for (size_t i = 0; i < pairs.len; i++)
		strv_env_set(&input->options.env, pairs.items[i]);
	return 0;
}

static int labels_finish(struct run_input *input, struct err *err)
{
	AUTO(struct strv, strv_done) pairs = { 0 };
	for (size_t i = 0; i < input->label_files.len; i++)
		if (read_pairs(input->label_files.items[i], NULL, &pairs, err) < 0)
			return -1;
	strv_add_all(&pairs, &input->labels);
	for (size_t i = 0; i < pairs.len; i++) {
		const char *item = pairs.items[i];
		if (item[0] == '=' || item[0] == '\0')
			return err_set(err, ERR_INVALID, "invalid label '%s': empty name", item);
		AUTO_FREE char *pair = strchr(item, '=') != NULL ? mem_strdup(item)
								 : mem_printf("%s=", item);
		strv_env_set(&input->options.labels, pair);
	}
	for (size_t i = 0; i < input->options.annotations.len; i++)
		if (strchr(input->options.annotations.items[i], '=') == NULL)
			return err_set(err, ERR_INVALID, "invalid annotation '%s': KEY=VALUE",
				       input->options.annotations.items[i]);
	return 0;
}

/* Docker's defaults: everything is attached, the standard input only with -i. */
static int attach_finish(struct run_input *input, struct err *err)
{
	struct run_options *options = &input->options;
	if (input->attach.len == 0) {
		options->attach_stdin = options->interactive;
		options->attach_stdout = options->attach_stderr = true;
		return 0;
	}
	options->attach_stdout = options->attach_stderr = false;
	for (size_t i = 0; i < input->attach.len; i++) {
		const char *stream = input->attach.items[i];
		if (strcasecmp(stream, "stdin") == 0)
			options->attach_stdin = true;
		else if (strcasecmp(stream, "stdout") == 0)
			options->attach_stdout = true;
		else if (strcasecmp(stream, "stderr") == 0)
			options->attach_stderr = true;
		else
			return err_set(err, ERR_INVALID,
				       "invalid argument \"%s\" for \"-a, --attach\" flag: valid "
				       "streams are STDIN, STDOUT and STDERR",
				       stream);
	}
	return 0;
}

/* "name:ip" and "name=ip", the address of IPv6 with or without brackets; stored as name:ip. */
static int add_hosts_finish(struct strv *hosts, struct err *err)
{
	for (size_t i = 0; i < hosts->len; i++) {
		const char *item = hosts->items[i];
		const char *separator = strpbrk(item, ":=");
		if (separator == NULL || separator == item)
			return err_set(err, ERR_INVALID, "bad format for add-host: \"%s\"", item);
		size_t len = strlen(separator + 1);
		bool has_brackets = len > 2 && separator[1] == '[' && separator[len] == ']';
		AUTO_FREE char *address = has_brackets ? mem_strndup(separator + 2, len - 2)
						       : mem_strdup(separator + 1);
		struct in6_addr raw;
		if (strcmp(address, "host-gateway") == 0)
			return err_set(err, ERR_UNSUPPORTED,
				       "host-gateway in --add-host is not yet supported");
		if (inet_pton(AF_INET, address, &raw) != 1 &&
		    inet_pton(AF_INET6, address, &raw) != 1)
			return err_set(err, ERR_INVALID, "invalid IP address in add-host: \"%s\"",
				       address);
		char *pair = mem_printf("%.*s:%s", (int)(separator - item), item, address);
		free(hosts->items[i]);
		hosts->items[i] = pair;
	}
	return 0;
}

static int dns_finish(const struct run_options *options, struct err *err)
{
	for (size_t i = 0; i < options->dns.len; i++) {
		struct in6_addr raw;
		const char *address = options->dns.items[i];
		if (inet_pton(AF_INET, address, &raw) != 1 &&
		    inet_pton(AF_INET6, address, &raw) != 1)
			return err_set(err, ERR_INVALID,
				       "IP address is not correctly formatted: %s", address);
	}
	const struct strv *lists[] = { &options->dns_search, &options->dns_options };
	for (size_t i = 0; i < ARRAY_LEN(lists); i++)
		for (size_t k = 0; k < lists[i]->len; k++)
			if (strpbrk(lists[i]->items[k], " \t\r\n") != NULL)
				return err_set(err, ERR_INVALID, "invalid %s: \"%s\"",
					       i == 0 ? "domain" : "DNS option",
					       lists[i]->items[k]);
	return 0;
}

/* "15", "TERM", "SIGTERM", "RTMIN+3": Docker's spellings. */
static bool is_signal(const char *text)
{
	uint64_t number;
	if (number_parse(text, SIGRTMAX, &number, NULL) == 0)
		return number > 0;
	if (strncasecmp(text, "SIG", 3) == 0)
		text += 3;
	if (strncasecmp(text, "RTMIN", 5) == 0 || strncasecmp(text, "RTMAX", 5) == 0) {
		char sign = (text[3] | 0x20) == 'i' ? '+' : '-';
		uint64_t most = (uint64_t)(SIGRTMAX - SIGRTMIN);
		return text[5] == '\0' ||
		       (text[5] == sign && number_parse(text + 6, most, &number, NULL) == 0);
	}
	for (int i = 1; i < SIGRTMIN; i++) {
		const char *name = sigabbrev_np(i);
		if (name != NULL && strcasecmp(name, text) == 0)
			return true;
	}
	return false;
}

static int names_check(const struct run_options *options, struct err *err)
{
	if (options->name != NULL && !id_is_name(options->name))
		return err_set(err, ERR_INVALID,
			       "Invalid container name (%s), only [a-zA-Z0-9][a-zA-Z0-9_.-] are "
			       "allowed",
			       options->name);
	if (options->workdir != NULL && options->workdir[0] != '/')
		return err_set(err, ERR_INVALID,
			       "the working directory '%s' is invalid, it needs to be an absolute "
			       "path",
			       options->workdir);
	if (options->stop_signal != NULL && !is_signal(options->stop_signal))
		return err_set(err, ERR_INVALID, "invalid signal: %s", options->stop_signal);
	for (size_t i = 0; i < options->sysctls.len; i++)
		if (strchr(options->sysctls.items[i], '=') == NULL ||
		    options->sysctls.items[i][0] == '=')
			return err_set(err, ERR_INVALID, "sysctl '%s' is not NAME=VALUE",
				       options->sysctls.items[i]);
	if (options->cidfile != NULL && access(options->cidfile, F_OK) == 0)
		return err_set(err, ERR_CONFLICT,
			       "container ID file found, make sure the other container isn't "
			       "running or delete %s",
			       options->cidfile);
	return 0;
}

/* The image, unless there is a --rootfs, and the command. */
static int operands_take(struct run_input *input, const struct strv *operands, struct err *err)
{
	struct run_options *options = &input->options;
	size_t at = 0;
	if (options->rootfs == NULL) {
		if (operands->len == 0)
			return err_set(err, ERR_INVALID,
				       "'onggi run' requires at least 1 argument");
		if (operands->items[0][0] == '\0')
			return err_set(err, ERR_INVALID, "invalid reference format");
		options->image = mem_strdup(operands->items[at++]);
	} else {
		char *rootfs = run_absolute_path(options->rootfs, err);
		if (rootfs == NULL)
			return -1;
		free(options->rootfs);
		options->rootfs = rootfs;
	}
	for (; at < operands->len; at++)
		strv_add(&options->args, operands->items[at]);
	return 0;
}

static int trace_finish(struct run_input *input, struct err *err)
{
	struct run_options *options = &input->options;
	if (input->trace_path != NULL && options->trace == RUN_TRACE_NONE)
		options->trace = RUN_TRACE_TREE;
	if (options->trace == RUN_TRACE_NONE)
		return 0;
	options->trace_fd = STDERR_FILENO;
	if (input->trace_path == NULL)
		return 0;
	input->trace_fd = open(input->trace_path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	if (input->trace_fd < 0)
		return err_sys(err, "open the trace file %s", input->trace_path);
	options->trace_fd = input->trace_fd;
	return 0;
}

int run_input_finish(struct run_input *input, const struct strv *operands, struct err *err)
{
	struct run_options *options = &input->options;
	if (operands_take(input, operands, err) < 0 || names_check(options, err) < 0 ||
	    env_finish(input, err) < 0 || labels_finish(input, err) < 0 ||
	    attach_finish(input, err) < 0 || run_limits_finish(input, err) < 0 ||
	    add_hosts_finish(&options->add_hosts, err) < 0 || dns_finish(options, err) < 0)
		return -1;
	return trace_finish(input, err);
}
