/* SPDX-License-Identifier: Apache-2.0 */
/* Progress lines. What is being done is named by archives, so it is escaped like any other text. */
#include "cli/progress.h"

#include "base/buf.h"
#include "base/clock.h"
#include "cli/output.h"
#include "format/bytes.h"
#include "format/printable.h"
#include "sys/fd.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define INTERVAL_NS 100000000u
#define BAR_WIDTH   30

void progress_init(struct progress *progress, bool is_quiet)
{
	*progress = (struct progress){ .is_quiet = is_quiet,
				       .is_terminal = output_is_terminal(STDERR_FILENO) };
}

static void say(const struct buf *text)
{
	(void)!fd_write_all(STDERR_FILENO, buf_str(text), text->len);
}

/* "[=====>    ] 12MB/34MB", or "12MB" while the whole is unknown. */
static void add_amount(struct buf *out, uint64_t done_bytes, uint64_t total_bytes)
{
	char done[BYTES_TEXT_SIZE], total[BYTES_TEXT_SIZE];
	bytes_format_decimal(done_bytes, done);
	bytes_format_decimal(total_bytes, total);
	if (total_bytes == 0) {
		buf_add_str(out, done);
		return;
	}
	if (done_bytes > total_bytes)
		done_bytes = total_bytes;
	int filled = (int)((double)done_bytes / (double)total_bytes * BAR_WIDTH);
	buf_add_char(out, '[');
	for (int i = 0; i < BAR_WIDTH; i++)
		buf_add_char(out, i < filled ? '=' : i == filled ? '>' : ' ');
	buf_addf(out, "] %s/%s", done, total);
}

void progress_show(void *arg, const char *what, uint64_t done_bytes, uint64_t total_bytes)
{
	struct progress *progress = arg;
	AUTO(struct buf, buf_done) line = { 0 };
	uint64_t now_ns = clock_monotonic_ns();
	bool is_new = strncmp(progress->what, what, sizeof(progress->what) - 1) != 0;
	if (progress->is_quiet || (!is_new && !progress->is_terminal) ||
	    (!is_new && now_ns - progress->shown_ns < INTERVAL_NS))
		return;
	snprintf(progress->what, sizeof(progress->what), "%s", what);
	progress->shown_ns = now_ns;
	if (progress->is_terminal)
		buf_add_str(&line, "\r\033[K");
	printable_add(&line, progress->what, PRINTABLE_LINE);
	if (progress->is_terminal && (done_bytes > 0 || total_bytes > 0)) {
		buf_add_str(&line, ": ");
		add_amount(&line, done_bytes, total_bytes);
	}
	if (!progress->is_terminal)
		buf_add_char(&line, '\n');
	progress->has_line = progress->is_terminal;
	say(&line);
}

void progress_end(struct progress *progress)
{
	AUTO(struct buf, buf_done) wipe = { 0 };
	if (!progress->has_line)
		return;
	buf_add_str(&wipe, "\r\033[K");
	say(&wipe);
	progress->has_line = false;
}
