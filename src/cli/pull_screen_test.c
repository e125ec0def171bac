/* SPDX-License-Identifier: Apache-2.0 */
/* What a terminal of a given size shows: never a line too wide, never one too many. */
#include "cli/pull_screen.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static void set_up(struct pull_screen *screen, int fd, size_t len, struct pull_watch *watch)
{
	struct registry_descriptor layers[64] = { 0 };
	pull_screen_init(screen, fd, false);
	*watch = pull_screen_watch(screen);
	for (size_t i = 0; i < len; i++) {
		snprintf(layers[i].digest, sizeof(layers[i].digest), "%064zx", i * 0x1111);
		memset(layers[i].digest, 'a' + (char)(i % 6), 12);
		layers[i].size = 1000000000;
	}
	watch->begin(watch->arg, layers, len);
}

static size_t widest(const char *text)
{
	size_t most = 0;
	for (; *text != '\0'; text += strcspn(text, "\n") + 1)
		if (strcspn(text, "\n") > most)
			most = strcspn(text, "\n");
	return most;
}

static size_t lines_of(const char *text)
{
	size_t lines = 0;
	for (; *text != '\0'; text++)
		lines += *text == '\n';
	return lines;
}

static void lines_fit(void **state)
{
	(void)state;
	static const unsigned widths[] = { 20, 40, 79, 80, 81, 132, 300 };
	for (size_t w = 0; w < ARRAY_LEN(widths); w++) {
		struct pull_screen screen;
		struct pull_watch watch;
		int fd = open("/dev/null", O_WRONLY | O_CLOEXEC);
		set_up(&screen, fd, 5, &watch);
		watch.layer(watch.arg, 0, UNPACKING_IS_THERE, 0);
		watch.layer(watch.arg, 1, UNPACKING_RUNS, 0);
		watch.layer(watch.arg, 2, UNPACKING_RUNS, 999999999);
		watch.layer(watch.arg, 3, UNPACKING_RUNS, UINT64_MAX); /* more than was said */
		AUTO(struct buf, buf_done) text = { 0 };
		size_t lines = pull_screen_lines(&screen, widths[w], 24, &text);
		assert_int_equal(lines, 5);
		assert_int_equal(lines_of(buf_str(&text)), 5);
		assert_true(widest(buf_str(&text)) < widths[w]);
		assert_non_null(strstr(buf_str(&text), "aaaaaaaaaaaa: "));
		bool has_bar = strchr(buf_str(&text), '[') != NULL;
		assert_int_equal(has_bar, widths[w] >= 79);
		pull_screen_done(&screen);
		close(fd);
	}
}

static void a_low_terminal_counts(void **state)
{
	(void)state;
	struct pull_screen screen;
	struct pull_watch watch;
	AUTO(struct buf, buf_done) text = { 0 };
	int fd = open("/dev/null", O_WRONLY | O_CLOEXEC);
	set_up(&screen, fd, 40, &watch);
	for (size_t i = 0; i < 3; i++)
		watch.layer(watch.arg, i, UNPACKING_IS_DONE, 1);
	for (size_t i = 3; i < 20; i++)
		watch.layer(watch.arg, i, UNPACKING_RUNS, 1);
	for (unsigned height = 1; height < 30; height++) {
		buf_reset(&text);
		size_t lines = pull_screen_lines(&screen, 80, height, &text);
		assert_int_equal(lines_of(buf_str(&text)), lines);
		assert_true(lines < height || height < 3);
		assert_non_null(strstr(buf_str(&text), "3 of 40 layers\n"));
	}
	buf_reset(&text);
	assert_int_equal(pull_screen_lines(&screen, 80, 50, &text), 40);
	pull_screen_done(&screen);
	close(fd);
}

static void elsewhere_lines_are_plain(void **state)
{
	(void)state;
	struct pull_screen screen;
	struct pull_watch watch;
	int fds[2];
	char text[1000] = { 0 };
	assert_int_equal(pipe2(fds, O_CLOEXEC), 0);
	set_up(&screen, fds[1], 2, &watch);
	watch.layer(watch.arg, 0, UNPACKING_IS_THERE, 0);
	watch.layer(watch.arg, 1, UNPACKING_RUNS, 0);
	watch.layer(watch.arg, 1, UNPACKING_RUNS, 500);
	watch.layer(watch.arg, 1, UNPACKING_IS_FILLED, 1000);
	watch.layer(watch.arg, 1, UNPACKING_IS_DONE, 1000);
	watch.layer(watch.arg, 2, UNPACKING_IS_DONE, 1000); /* there is no such layer */
	pull_screen_end(&screen);
	pull_screen_done(&screen);
	close(fds[1]);
	assert_true(read(fds[0], text, sizeof(text) - 1) > 0);
	assert_string_equal(text, "aaaaaaaaaaaa: Already exists\n"
				  "bbbbbbbbbbbb: Pulling fs layer\n"
				  "bbbbbbbbbbbb: Pull complete\n");
	close(fds[0]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lines_fit),
		cmocka_unit_test(a_low_terminal_counts),
		cmocka_unit_test(elsewhere_lines_are_plain),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
