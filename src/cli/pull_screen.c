/* SPDX-License-Identifier: Apache-2.0 */
/* Lines of layers. Everything shown is ours or hex digits, so that a column is a byte. */
#include "cli/pull_screen.h"

#include "base/clock.h"
#include "base/mem.h"
#include "cli/output.h"
#include "format/bytes.h"
#include "sys/fd.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>

#define INTERVAL_NS  100000000u
#define BAR_MIN      10u
#define BAR_MAX      50u
#define WIDTH_MIN    20u /* a narrower terminal has to live with broken lines */
#define HEIGHT_UNSET 24u

static const char *const words[] = {
	[UNPACKING_WAITS] = "Waiting",         [UNPACKING_IS_THERE] = "Already exists",
	[UNPACKING_RUNS] = "Pulling",          [UNPACKING_IS_FILLED] = "Download complete",
	[UNPACKING_IS_DONE] = "Pull complete",
};

void pull_screen_init(struct pull_screen *screen, int fd, bool is_quiet)
{
	const char *term = getenv("TERM");
	bool is_dumb = term != NULL && strcmp(term, "dumb") == 0;
	*screen = (struct pull_screen){
		.fd = fd,
		.is_quiet = is_quiet,
		.is_terminal = output_is_terminal(fd) && !is_dumb,
	};
}

static void forget_rows(struct pull_screen *screen)
{
	free(screen->rows);
	screen->rows = NULL;
	screen->rows_len = screen->drawn = 0;
}

void pull_screen_done(struct pull_screen *screen)
{
	forget_rows(screen);
}

static void write_out(const struct pull_screen *screen, const struct buf *text)
{
	(void)!fd_write_all(screen->fd, buf_str(text), text->len);
}

static bool is_over(const struct pull_screen_row *row)
{
	return row->state == UNPACKING_IS_THERE || row->state == UNPACKING_IS_DONE;
}

/* "[=====>    ]  12MB/34MB", as wide as there is room for it, or the numbers alone. */
static void add_bar(struct buf *line, const struct pull_screen_row *row, size_t room)
{
	char done_text[BYTES_TEXT_SIZE], total_text[BYTES_TEXT_SIZE], numbers[64];
	uint64_t total = row->total_bytes;
	uint64_t done = row->done_bytes < total ? row->done_bytes : total;
	bytes_format_decimal(done, done_text);
	bytes_format_decimal(total, total_text);
	snprintf(numbers, sizeof(numbers), "%s/%s", done_text, total_text);
	const size_t around = sizeof(" [] ") - 1 + 2 * sizeof("1.21GB"); /* steady while it grows */
	if (room > around + BAR_MIN && total > 0) {
		size_t width = room - around < BAR_MAX ? room - around : BAR_MAX;
		size_t filled = (size_t)((double)done / (double)total * (double)width);
		buf_add_str(line, " [");
		for (size_t i = 0; i < width; i++)
			buf_add_char(line, i < filled ? '=' : i == filled ? '>' : ' ');
		buf_add_char(line, ']');
	}
	buf_addf(line, " %s", numbers);
}

static void add_row(struct buf *out, const struct pull_screen_row *row, unsigned width)
{
	AUTO(struct buf, buf_done) line = { 0 };
	buf_addf(&line, "%s: %s", row->id, words[row->state]);
	if (row->state == UNPACKING_RUNS && line.len < width)
		add_bar(&line, row, width - line.len);
	buf_add(out, buf_str(&line), line.len < width ? line.len : width);
	buf_add_char(out, '\n');
}

size_t pull_screen_lines(const struct pull_screen *screen, unsigned width, unsigned height,
			 struct buf *out)
{
	/* The last column stays free: some terminals break the line when it is used. */
	unsigned columns = (width > WIDTH_MIN ? width : WIDTH_MIN) - 1;
	size_t room = height > 3 ? height - 2 : 1, over = 0, shown = 0;
	bool has_room = screen->rows_len <= room;
	for (size_t i = 0; i < screen->rows_len; i++)
		over += is_over(&screen->rows[i]) ? 1 : 0;
	for (size_t i = 0; i < screen->rows_len; i++) {
		bool is_shown = has_room ||
				(shown + 1 < room && screen->rows[i].state != UNPACKING_WAITS &&
				 !is_over(&screen->rows[i]));
		if (!is_shown)
			continue;
		add_row(out, &screen->rows[i], columns);
		shown++;
	}
	if (has_room)
		return shown;
	buf_addf(out, "%zu of %zu layers\n", over, screen->rows_len);
	return shown + 1;
}

static unsigned terminal_height(int fd)
{
	struct winsize size;
	return ioctl(fd, TIOCGWINSZ, &size) == 0 && size.ws_row > 0 ? size.ws_row : HEIGHT_UNSET;
}

/* In one write, so that no half of it is ever seen. */
static void draw(struct pull_screen *screen)
{
	AUTO(struct buf, buf_done) out = { 0 };
	if (screen->drawn > 0)
		buf_addf(&out, "\033[%zuA\r\033[J", screen->drawn);
	screen->drawn = pull_screen_lines(screen, output_width(screen->fd, 80),
					  terminal_height(screen->fd), &out);
	screen->drawn_ns = clock_monotonic_ns();
	write_out(screen, &out);
}

static void begin(void *arg, const struct registry_descriptor *layers, size_t len)
{
	struct pull_screen *screen = arg;
	forget_rows(screen);
	screen->rows = mem_alloc(len + 1, sizeof(*screen->rows));
	screen->rows_len = len;
	for (size_t i = 0; i < len; i++) {
		struct pull_screen_row *row = &screen->rows[i];
		snprintf(row->id, sizeof(row->id), "%.12s", layers[i].digest);
		row->state = UNPACKING_WAITS;
		row->total_bytes = layers[i].size;
	}
	if (screen->is_terminal && !screen->is_quiet)
		draw(screen);
}

/* Elsewhere than on a terminal: what begins, and what is over. */
static void say_state(const struct pull_screen *screen, const struct pull_screen_row *row)
{
	AUTO(struct buf, buf_done) line = { 0 };
	if (row->state == UNPACKING_WAITS || row->state == UNPACKING_IS_FILLED)
		return;
	buf_addf(&line, "%s: %s\n", row->id,
		 row->state == UNPACKING_RUNS ? "Pulling fs layer" : words[row->state]);
	write_out(screen, &line);
}

static void layer(void *arg, size_t index, enum unpacking_state state, uint64_t done_bytes)
{
	struct pull_screen *screen = arg;
	if (index >= screen->rows_len || screen->is_quiet)
		return;
	struct pull_screen_row *row = &screen->rows[index];
	bool is_news = row->state != state;
	row->state = state;
	row->done_bytes = done_bytes;
	if (!screen->is_terminal) {
		if (is_news)
			say_state(screen, row);
	} else if (is_news || clock_monotonic_ns() - screen->drawn_ns >= INTERVAL_NS) {
		draw(screen);
	}
}

struct pull_watch pull_screen_watch(struct pull_screen *screen)
{
	return (struct pull_watch){ .arg = screen, .begin = begin, .layer = layer };
}

void pull_screen_end(struct pull_screen *screen)
{
	if (screen->is_terminal && !screen->is_quiet && screen->rows_len > 0)
		draw(screen);
	forget_rows(screen);
}
