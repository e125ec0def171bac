/* SPDX-License-Identifier: Apache-2.0 */
/*
 * onggi-runtime ps: the processes of a container. The table is the host's ps(1), asked with the
 * caller's options, of which the lines of the container stay.
 */
#include "cli/oci/oci.h"
#include "cli/output.h"

#include "base/mem.h"
#include "sys/fd.h"
#include "sys/host.h"
#include "sys/process.h"

#include <ctype.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define PS_OUTPUT_MAX (32u << 20)
#define PATH_DEFAULT  "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

struct ps_input {
	char *format;
};

static void ps_done(void *pointer)
{
	free(((struct ps_input *)pointer)->format);
}

static const struct option_row ps_rows[] = {
	{ "format", 'f', OPTION_STRING, "format", NULL, NULL, "table or json (table)",
	  offsetof(struct ps_input, format), .complete = COMPLETE_WORDS, .words = "table json" },
	{ 0 },
};

struct pids {
	pid_t *items; /* sorted */
	size_t len;
};

static bool pids_have(const struct pids *pids, long pid)
{
	for (size_t i = 0; i < pids->len; i++)
		if (pids->items[i] == pid)
			return true;
	return false;
}

static void add_json(const struct pids *pids, struct buf *out)
{
	buf_add_char(out, '[');
	for (size_t i = 0; i < pids->len; i++)
		buf_addf(out, "%s%d", i > 0 ? "," : "", (int)pids->items[i]);
	buf_add_str(out, "]\n");
}

/* What the host's ps says, errors included: they are read where it fails. */
static int ask_ps(const struct strv *args, struct buf *out, struct err *err)
{
	const char *dirs = getenv("PATH");
	AUTO_FREE char *path = host_find_program("ps", dirs != NULL ? dirs : PATH_DEFAULT);
	AUTO_FREE char **argv = mem_alloc(args->len + 3, sizeof(*argv));
	char program[] = "ps", all[] = "-ef";
	AUTO_FD null_fd = memfd_create("ps-in", MFD_CLOEXEC);
	AUTO_FD out_fd = memfd_create("ps-out", MFD_CLOEXEC);
	struct process_child child;
	struct process_exit how = { 0 };
	if (path == NULL) {
		err_set(err, ERR_NOT_FOUND, "there is no program ps on this host");
		return err_hint(err, "--format json needs none");
	}
	if (null_fd < 0 || out_fd < 0)
		return err_sys(err, "make a memory file");
	argv[0] = program;
	argv[1] = all;
	for (size_t i = 0; i < args->len; i++)
		argv[1 + i] = args->items[i];
	const int fds[] = { null_fd, out_fd, out_fd };
	if (process_spawn(path, argv, environ, fds, ARRAY_LEN(fds), &child, err) < 0)
		return -1;
	AUTO_FD pidfd = child.pidfd;
	if (process_wait(pidfd, &how, err) < 0 || lseek(out_fd, 0, SEEK_SET) < 0 ||
	    fd_read_all(out_fd, PS_OUTPUT_MAX, "what ps says", out, err) < 0)
		return -1;
	if (process_exit_code(&how) != 0)
		return err_set(err, ERR_REMOTE, "ps: exit status %d: %s", process_exit_code(&how),
			       buf_str(out));
	return 0;
}

/* The start of word `index` of a line, or its end. */
static const char *word_at(const char *line, size_t index)
{
	while (isblank((unsigned char)*line))
		line++;
	for (; index > 0; index--) {
		while (*line != '\0' && !isblank((unsigned char)*line))
			line++;
		while (isblank((unsigned char)*line))
			line++;
	}
	return line;
}

/* @return index of the word "PID", or -1 */
static long find_pid_column(const char *title)
{
	for (size_t i = 0; word_at(title, i)[0] != '\0'; i++) {
		const char *word = word_at(title, i);
		if (strncmp(word, "PID", 3) == 0 && (word[3] == '\0' || word[3] == ' '))
			return (long)i;
	}
	return -1;
}

static int add_table(const struct pids *pids, struct buf *said, struct buf *out, struct err *err)
{
	char *next = said->data;
	const char *title = next != NULL ? strsep(&next, "\n") : "";
	long column = find_pid_column(title);
	if (column < 0)
		return err_set(err, ERR_REMOTE, "couldn't find PID field in ps output");
	buf_addf(out, "%s\n", title);
	for (const char *line; (line = strsep(&next, "\n")) != NULL;) {
		const char *word = word_at(line, (size_t)column);
		if (word[0] != '\0' && pids_have(pids, strtol(word, NULL, 10)))
			buf_addf(out, "%s\n", line);
	}
	return 0;
}

static int ps_run(const struct oci_globals *globals, void *pointer, const struct strv *operands,
		  struct err *err)
{
	const struct ps_input *input = pointer;
	struct bundle_home home = oci_home(globals);
	bool is_json = input->format != NULL && strcmp(input->format, "json") == 0;
	AUTO(struct strv, strv_done) args = { 0 };
	AUTO(struct buf, buf_done) said = { 0 };
	AUTO(struct buf, buf_done) out = { 0 };
	struct pids pids = { 0 };
	if (input->format != NULL && !is_json && strcmp(input->format, "table") != 0)
		return err_set(err, ERR_INVALID, "invalid format option: %s", input->format);
	if (bundle_ps(&home, operands->items[0], &pids.items, &pids.len, err) < 0)
		return -1;
	for (size_t i = 1; i < operands->len; i++)
		strv_add(&args, operands->items[i]);
	int result = 0;
	if (is_json)
		add_json(&pids, &out);
	else if (ask_ps(&args, &said, err) < 0 || add_table(&pids, &said, &out, err) < 0)
		result = -1;
	free(pids.items);
	return result < 0 ? -1 : output_write(&out, err);
}

const struct oci_verb oci_ps = {
	.name = "ps",
	.operands = "CONTAINER-ID [PS-OPTION...]",
	.summary = "List the processes of a container",
	.details = "The table is what ps(1) of the host says about them: options after the id are "
		   "its own (-ef). As JSON it is an array of process ids, as the host sees them.",
	.options = { { ps_rows } },
	.input_size = sizeof(struct ps_input),
	.done = ps_done,
	.operands_len = 1,
	.operands_max = UINT_MAX,
	.stops_at_operand = true,
	.run = ps_run,
};
