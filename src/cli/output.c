/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Output of the command line. Text from images, archives and the kernel passes through here, so
 * this is where control bytes are made harmless.
 */
#include "cli/output.h"

#include "format/number.h"
#include "format/printable.h"
#include "sys/fd.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <termios.h>
#include <unistd.h>

int output_exit_status(const struct err *err)
{
	static const int statuses[] = {
		[ERR_NONE] = EXIT_OK,         [ERR_SYSTEM] = EXIT_FAILED,
		[ERR_INVALID] = EXIT_FAILED,  [ERR_NOT_FOUND] = EXIT_FAILED,
		[ERR_CONFLICT] = EXIT_FAILED, [ERR_UNSUPPORTED] = EXIT_FAILED,
		[ERR_REMOTE] = EXIT_FAILED,   [ERR_DENIED] = EXIT_FAILED,
	};
	return (size_t)err->kind < ARRAY_LEN(statuses) ? statuses[err->kind] : EXIT_FAILED;
}

int output_write(const struct buf *text, struct err *err)
{
	if (fd_write_all(STDOUT_FILENO, buf_str(text), text->len) < 0)
		return err_sys(err, "write to the standard output");
	return 0;
}

int output_line(struct err *err, const char *fmt, ...)
{
	AUTO(struct buf, buf_done) line = { 0 };
	va_list ap;
	va_start(ap, fmt);
	buf_addv(&line, fmt, ap);
	va_end(ap);
	buf_add_char(&line, '\n');
	return output_write(&line, err);
}

static void add_coloured(struct buf *out, const char *colour, const char *text)
{
	if (output_has_colour(STDERR_FILENO))
		buf_addf(out, "\033[%sm%s\033[0m", colour, text);
	else
		buf_add_str(out, text);
}

static void write_stderr(const struct buf *text)
{
	(void)!fd_write_all(STDERR_FILENO, buf_str(text), text->len);
}

void output_error(const struct err *err)
{
	AUTO(struct buf, buf_done) out = { 0 };
	add_coloured(&out, "1;31", "onggi:");
	buf_add_char(&out, ' ');
	printable_add(&out, err->text, PRINTABLE_TEXT);
	buf_add_char(&out, '\n');
	if (err->hint[0] != '\0') {
		add_coloured(&out, "36", "hint:");
		buf_add_char(&out, ' ');
		printable_add(&out, err->hint, PRINTABLE_TEXT);
		buf_add_char(&out, '\n');
	}
	write_stderr(&out);
}

void output_warning(const char *text)
{
	AUTO(struct buf, buf_done) out = { 0 };
	buf_add_str(&out, "onggi: ");
	add_coloured(&out, "33", "warning:");
	buf_add_char(&out, ' ');
	printable_add(&out, text, PRINTABLE_LINE);
	buf_add_char(&out, '\n');
	write_stderr(&out);
}

void output_see_help(const char *command)
{
	AUTO(struct buf, buf_done) out = { 0 };
	buf_addf(&out, "See '%s --help'.\n", command);
	write_stderr(&out);
}

bool output_is_terminal(int fd)
{
	struct termios settings;
	return tcgetattr(fd, &settings) == 0;
}

unsigned output_width(int fd, unsigned fallback)
{
	struct winsize size;
	if (ioctl(fd, TIOCGWINSZ, &size) == 0 && size.ws_col > 0)
		return size.ws_col;
	const char *columns = getenv("COLUMNS");
	uint64_t width;
	if (columns != NULL && number_parse(columns, 10000, &width, NULL) == 0 && width > 0)
		return (unsigned)width;
	return fallback;
}

bool output_has_colour(int fd)
{
	const char *none = getenv("NO_COLOR");
	const char *term = getenv("TERM");
	if ((none != NULL && none[0] != '\0') || (term != NULL && strcmp(term, "dumb") == 0))
		return false;
	return output_is_terminal(fd);
}
