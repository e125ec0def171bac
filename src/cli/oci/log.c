/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Messages in the two formats of runc's log, which engines read: {"level", "msg", "time"}, or
 * key=value in a line. Without --log people read it: text goes to stderr as it is.
 */
#include "cli/oci/oci.h"

#include "base/clock.h"
#include "base/json_write.h"
#include "base/mem.h"
#include "format/printable.h"
#include "sys/fd.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

static int log_fd = -1;
static bool is_json;

int oci_log_open(const struct oci_globals *globals, struct err *err)
{
	const char *format = globals->log_format;
	if (format != NULL && strcmp(format, "text") != 0 && strcmp(format, "json") != 0)
		return err_set(err, ERR_INVALID, "unknown log format %s: text or json", format);
	is_json = format != NULL && strcmp(format, "json") == 0;
	if (globals->log_path == NULL || globals->log_path[0] == '\0')
		return 0;
	log_fd = open(globals->log_path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
	return log_fd >= 0 ? 0 : err_sys(err, "open the log %s", globals->log_path);
}

/* To the second, as everybody else's: an engine sorts them with its own. */
static void add_time(char out[CLOCK_RFC3339_SIZE])
{
	clock_format_rfc3339(clock_realtime_ns(), out);
	char *fraction = strchr(out, '.');
	if (fraction != NULL)
		memcpy(fraction, "Z", 2);
}

static void write_entry(int fd, const char *level, const char *text)
{
	AUTO(struct buf, buf_done) line = { 0 };
	char time[CLOCK_RFC3339_SIZE];
	add_time(time);
	if (is_json) {
		buf_add_char(&line, '{');
		json_add_str(&line, "level", level);
		json_add_str(&line, "msg", text);
		json_add_str(&line, "time", time);
		buf_add_char(&line, '}');
	} else {
		buf_addf(&line, "time=\"%s\" level=%s msg=", time, level);
		printable_add_quoted(&line, text, 0);
	}
	buf_add_char(&line, '\n');
	(void)!fd_write_all(fd, buf_str(&line), line.len);
}

static void write_plain(const char *prefix, const char *text)
{
	AUTO(struct buf, buf_done) line = { 0 };
	buf_add_str(&line, prefix);
	printable_add(&line, text, PRINTABLE_TEXT);
	buf_add_char(&line, '\n');
	(void)!fd_write_all(STDERR_FILENO, buf_str(&line), line.len);
}

/* Engines find out why in these words, as Go spells them; docker's exit statuses depend on it.
 * Source: docker/cli cli/command/container/run.go toStatusError() */
static char *engine_words(const char *text)
{
	static const int errnums[] = { EACCES, EPERM, ENOENT, ENOTDIR };
	char *out = mem_strdup(text);
	for (size_t i = 0; i < ARRAY_LEN(errnums); i++)
		for (char *at = out; (at = strstr(at, strerror(errnums[i]))) != NULL; at++)
			*at = (char)(*at - 'A' + 'a');
	return out;
}

void oci_log_error(const struct err *err)
{
	AUTO_FREE char *text = engine_words(err->text);
	if (log_fd >= 0)
		write_entry(log_fd, "error", text);
	else if (is_json) {
		write_entry(STDERR_FILENO, "error", text);
		return;
	}
	write_plain(OCI_PROGRAM ": ", text);
	if (err->hint[0] != '\0')
		write_plain("hint: ", err->hint);
}

void oci_log_warning(const char *text)
{
	if (log_fd >= 0 || is_json)
		write_entry(log_fd >= 0 ? log_fd : STDERR_FILENO, "warning", text);
	else
		write_plain(OCI_PROGRAM ": warning: ", text);
}

void oci_log_debug(const char *text)
{
	write_entry(log_fd >= 0 ? log_fd : STDERR_FILENO, "debug", text);
}
