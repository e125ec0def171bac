/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Layers side by side, against a real store and the real worker: each layer comes through a pipe,
 * so a test says which one stands still and when. Needs root; skips without.
 */
#include "base/mem.h"
#include "engine/engine.h"
#include "engine/unpacking.h"
#include "format/tar.h"
#include "sys/fd.h"
#include "sys/rooted.h"
#include "sys/tree.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <cmocka.h>

#define LAYERS_MAX 4
#define HANGS_S    60 /* then it does: an alarm ends the test */
#define MTIME_S    1000000001

struct piped_layer {
	int tar_fd, read_fd, write_fd;
	enum unpacking_state state;
	unsigned filled_at, done_at; /* the how-many-eth event that was */
};

struct fixture {
	char dir[64];
	struct engine engine;
	struct unpacking unpacking;
	struct unpacking_stack stack;
	struct unpacking_hooks hooks;
	struct strv diff_ids;
	struct piped_layer layers[LAYERS_MAX];
	unsigned events, checks;
	bool is_garbage; /* what the lowest layer brings */
};

/* Tests are built in src/, the worker in src/bin/. */
static char *find_worker(void)
{
	char self[4000] = { 0 }, *slash;
	if (readlink("/proc/self/exe", self, sizeof(self) - 1) < 0 ||
	    (slash = strrchr(self, '/')) == NULL)
		return NULL;
	*slash = '\0';
	return mem_printf("%s/bin", self);
}

static int set_up(void **state)
{
	struct fixture *f = calloc(1, sizeof(*f));
	struct err err = { 0 };
	char root[96], run[96];
	*state = f;
	if (geteuid() != 0)
		return 0;
	alarm(HANGS_S);
	snprintf(f->dir, sizeof(f->dir), "/tmp/onggi-layers-XXXXXX");
	if (mkdtemp(f->dir) == NULL)
		return -1;
	snprintf(root, sizeof(root), "%s/root", f->dir);
	snprintf(run, sizeof(run), "%s/run", f->dir);
	if (engine_open(root, run, &f->engine, &err) < 0) {
		fprintf(stderr, "%s\n", err.text);
		return -1;
	}
	free(f->engine.libexec_path);
	f->engine.libexec_path = find_worker();
	unpacking_init(&f->unpacking, &f->engine);
	return 0;
}

static int tear_down(void **state)
{
	struct fixture *f = *state;
	if (geteuid() == 0) {
		for (size_t i = 0; i < f->diff_ids.len; i++) {
			fd_close(&f->layers[i].tar_fd);
			fd_close(&f->layers[i].read_fd);
			fd_close(&f->layers[i].write_fd);
		}
		if (f->hooks.has_fd)
			close(f->hooks.fd);
		strv_done(&f->diff_ids);
		unpacking_stack_done(&f->stack);
		unpacking_done(&f->unpacking);
		engine_close(&f->engine);
		AUTO_FD tmp_fd = open("/tmp", O_PATH | O_DIRECTORY | O_CLOEXEC);
		assert_int_equal(tree_remove(tmp_fd, f->dir + strlen("/tmp/"), NULL), 0);
		alarm(0);
	}
	free(f);
	return 0;
}

static struct fixture *fixture_or_skip(void **state)
{
	if (geteuid() != 0) {
		print_message("unpacking layers needs root: skipped\n");
		skip();
	}
	return *state;
}

/* --- making layers --- */

static void add(struct tar_writer *tar, char type, const char *path, const char *target,
		mode_t mode, uint32_t owner)
{
	const struct tar_member member = { .type = type,
					   .path = path,
					   .target = target,
					   .mode = mode,
					   .uid = owner,
					   .gid = owner,
					   .mtime = { .tv_sec = MTIME_S } };
	assert_int_equal(tar_add_member(tar, &member, NULL), 0);
	if (type == '0')
		assert_int_equal(tar_end_file(tar, NULL), 0);
}

static struct tar_writer *layer_begin(struct fixture *f)
{
	struct tar_writer *tar = mem_alloc(1, sizeof(*tar));
	int fd = memfd_create("layer", MFD_CLOEXEC);
	assert_true(fd >= 0);
	f->layers[f->diff_ids.len] = (struct piped_layer){ .tar_fd = fd,
							   .read_fd = -1,
							   .write_fd = -1 };
	tar_init(tar, fd, MTIME_S);
	return tar;
}

static void layer_end(struct fixture *f, struct tar_writer *tar)
{
	static char bytes[65536];
	char diff_id[DIGEST_HEX_SIZE];
	assert_int_equal(tar_finish(tar, NULL), 0);
	ssize_t len = pread(tar->fd, bytes, sizeof(bytes), 0);
	assert_true(len > 0 && (size_t)len < sizeof(bytes));
	digest_of(bytes, (size_t)len, diff_id);
	strv_add(&f->diff_ids, diff_id);
	free(tar);
}

static void make_lower(struct fixture *f)
{
	struct tar_writer *tar = layer_begin(f);
	add(tar, '5', "d", NULL, 0750, 5);
	tar_add_bytes(tar, "d/old", 0640, "old", 3, NULL);
	add(tar, '5', "usr", NULL, 0755, 0);
	add(tar, '5', "usr/bin", NULL, 0755, 0);
	add(tar, '2', "bin", "usr/bin", 0777, 0);
	tar_add_bytes(tar, "gone", 0644, "gone", 4, NULL);
	add(tar, '5', "sub", NULL, 0755, 0);
	tar_add_bytes(tar, "sub/hidden", 0644, "hidden", 6, NULL);
	layer_end(f, tar);
}

/* Everything that means something only together with what is below. */
static void make_dependent(struct fixture *f)
{
	struct tar_writer *tar = layer_begin(f);
	add(tar, '0', ".wh.gone", NULL, 0, 0);
	add(tar, '0', ".wh.nothing", NULL, 0, 0);
	add(tar, '5', "sub", NULL, 0700, 0);
	add(tar, '0', "sub/.wh..wh..opq", NULL, 0, 0);
	add(tar, '5', "fresh", NULL, 0700, 0);
	add(tar, '0', "fresh/.wh..wh..opq", NULL, 0, 0);
	tar_add_bytes(tar, "d/new", 0644, "new", 3, NULL);
	tar_add_bytes(tar, "bin/tool", 0755, "tool", 4, NULL);
	add(tar, '1', "two", "d/old", 0, 0);
	layer_end(f, tar);
}

/* Needs nothing from below, its root included. */
static void make_independent(struct fixture *f)
{
	struct tar_writer *tar = layer_begin(f);
	add(tar, '5', ".", NULL, 0755, 0);
	tar_add_bytes(tar, "z", 0644, "z", 1, NULL);
	layer_end(f, tar);
}

/* --- feeding them --- */

static void feed(struct fixture *f, size_t index)
{
	static char bytes[65536];
	struct piped_layer *layer = &f->layers[index];
	if (layer->write_fd < 0)
		return;
	ssize_t len = pread(layer->tar_fd, bytes, sizeof(bytes), 0);
	if (f->is_garbage && index == 0)
		memset(bytes, 'x', (size_t)len);
	assert_int_equal(write(layer->write_fd, bytes, (size_t)len), len);
	fd_close(&layer->write_fd);
}

/* All layers have their bytes at once, but the lowest. */
static int open_layer(void *arg, size_t index, struct unpack_layer *layer, struct err *err)
{
	struct fixture *f = arg;
	int fds[2];
	if (pipe2(fds, O_CLOEXEC) < 0)
		return err_sys(err, "make a pipe");
	fcntl(fds[1], F_SETPIPE_SZ, 65536);
	f->layers[index].read_fd = fcntl(fds[0], F_DUPFD_CLOEXEC, 0);
	f->layers[index].write_fd = fds[1];
	layer->blob_fd = fds[0];
	if (index > 0)
		feed(f, index);
	return 0;
}

static void note(void *arg, size_t index, enum unpacking_state state, uint64_t done_bytes)
{
	struct fixture *f = arg;
	struct piped_layer *layer = &f->layers[index];
	(void)done_bytes;
	layer->state = state;
	f->events++;
	if (state == UNPACKING_IS_FILLED)
		layer->filled_at = f->events;
	if (state == UNPACKING_IS_DONE)
		layer->done_at = f->events;
}

/* Has the worker read all there is? */
static bool is_drained(const struct piped_layer *layer)
{
	int left = 1;
	return layer->read_fd >= 0 && layer->write_fd < 0 &&
	       ioctl(layer->read_fd, FIONREAD, &left) == 0 && left == 0;
}

static int feed_lowest_last(void *arg, struct err *err)
{
	struct fixture *f = arg;
	(void)err;
	for (size_t i = 1; i < f->diff_ids.len; i++)
		if (!is_drained(&f->layers[i]))
			return 0;
	if (f->diff_ids.len <= 2 || f->layers[2].state == UNPACKING_IS_FILLED)
		feed(f, 0);
	return 0;
}

/* An event that is always there: `step` is called at every turn. */
static int run(struct fixture *f, int (*step)(void *, struct err *), struct err *err)
{
	f->hooks.arg = f;
	f->hooks.open = open_layer;
	f->hooks.progress = note;
	f->hooks.has_fd = true;
	f->hooks.fd = eventfd(1, EFD_CLOEXEC);
	f->hooks.step = step;
	return unpacking_layers(&f->unpacking, &f->engine, &f->diff_ids, &f->hooks, &f->stack, err);
}

static void assert_nothing_left(struct fixture *f)
{
	AUTO(struct strv, strv_done) names = { 0 };
	AUTO_FD fd = openat(f->engine.store.root_fd, "staging", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	assert_int_equal(tree_names(fd, &names, NULL), 0);
	assert_int_equal(names.len, 0);
	assert_int_equal(waitpid(-1, NULL, WNOHANG | __WALL), -1);
	assert_int_equal(errno, ECHILD);
}

/* --- tests --- */

static int open_fs(struct fixture *f, size_t index)
{
	AUTO_FREE char *path = mem_printf("%s/fs", f->stack.names.items[index]);
	int fd = openat(f->engine.store.layers_fd, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	assert_true(fd >= 0);
	return fd;
}

static struct stat look(int dir_fd, const char *path)
{
	struct stat st = { 0 };
	if (fstatat(dir_fd, path, &st, AT_SYMLINK_NOFOLLOW) < 0)
		st.st_mode = 0;
	return st;
}

static bool is_opaque(int dir_fd, const char *path)
{
	char value[2];
	AUTO_FD fd = openat(dir_fd, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return fgetxattr(fd, "trusted.overlay.opaque", value, sizeof(value)) == 1;
}

static void check_dependent(int fd)
{
	assert_int_equal(look(fd, "d").st_mode, S_IFDIR | 0750);
	assert_int_equal(look(fd, "d").st_uid, 5);
	assert_int_equal(look(fd, "d").st_mtim.tv_sec, MTIME_S);
	assert_int_equal(look(fd, "d/new").st_size, 3);
	assert_int_equal(look(fd, "bin").st_mode, 0);
	assert_int_equal(look(fd, "usr/bin/tool").st_size, 4);
	assert_int_equal(look(fd, "two").st_mode, S_IFREG | 0640);
	assert_int_equal(look(fd, "two").st_nlink, 2);
	assert_int_equal(look(fd, "two").st_ino, look(fd, "d/old").st_ino);
	assert_true(S_ISCHR(look(fd, "gone").st_mode));
	assert_int_equal(look(fd, "gone").st_rdev, makedev(0, 0));
	assert_int_equal(look(fd, "nothing").st_mode, 0);
	assert_true(is_opaque(fd, "sub"));
	assert_false(is_opaque(fd, "fresh"));
}

static void upper_layers_come_before_the_lowest(void **state)
{
	struct fixture *f = fixture_or_skip(state);
	struct err err = { 0 };
	make_lower(f);
	make_dependent(f);
	make_independent(f);
	if (run(f, feed_lowest_last, &err) < 0)
		fail_msg("%s", err.text);
	assert_int_equal(f->stack.names.len, 3);
	assert_true(f->layers[2].filled_at < f->layers[0].filled_at);
	assert_true(f->layers[0].done_at < f->layers[1].done_at);
	assert_true(f->layers[1].done_at < f->layers[2].done_at);
	AUTO_FD fd = open_fs(f, 1);
	check_dependent(fd);
	assert_nothing_left(f);
}

static int feed_in_order(void *arg, struct err *err)
{
	struct fixture *f = arg;
	(void)err;
	for (size_t i = 0; i < f->diff_ids.len; i++)
		if (f->layers[i].read_fd >= 0)
			feed(f, i);
	return 0;
}

static void the_order_makes_no_difference(void **state)
{
	struct fixture *f = fixture_or_skip(state);
	struct err err = { 0 };
	make_lower(f);
	make_dependent(f);
	if (run(f, feed_in_order, &err) < 0)
		fail_msg("%s", err.text);
	AUTO_FD fd = open_fs(f, 1);
	check_dependent(fd);
	assert_nothing_left(f);
}

static void lower_fails_while_upper_waits(void **state)
{
	struct fixture *f = fixture_or_skip(state);
	struct err err = { 0 };
	make_lower(f);
	make_dependent(f);
	f->is_garbage = true;
	assert_int_equal(run(f, feed_lowest_last, &err), -1);
	assert_int_equal(err.kind, ERR_INVALID);
	assert_non_null(strstr(err.text, "layer "));
	assert_memory_equal(strstr(err.text, "layer ") + 6, f->diff_ids.items[0], 12);
	assert_int_equal(f->stack.names.len, 0);
	assert_nothing_left(f);
}

/* The last of our children, which has the upper layer. */
static void kill_last_worker(void)
{
	char path[64], text[256];
	snprintf(path, sizeof(path), "/proc/self/task/%d/children", (int)getpid());
	AUTO_FD fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t len = read(fd, text, sizeof(text) - 1);
	if (len <= 1)
		return;
	text[len - 1] = '\0'; /* "12 34 " */
	const char *space = strrchr(text, ' ');
	kill((pid_t)strtol(space != NULL ? space : text, NULL, 10), SIGKILL);
}

static int kill_when_drained(void *arg, struct err *err)
{
	struct fixture *f = arg;
	(void)err;
	if (is_drained(&f->layers[1]))
		kill_last_worker();
	return 0;
}

static void killed_worker_is_missed(void **state)
{
	struct fixture *f = fixture_or_skip(state);
	struct err err = { 0 };
	if (access("/proc/self/task", F_OK) < 0)
		skip();
	make_lower(f);
	make_dependent(f);
	assert_int_equal(run(f, kill_when_drained, &err), -1);
	assert_int_equal(err.kind, ERR_REMOTE);
	assert_non_null(strstr(err.text, "the unpack worker ended"));
	assert_memory_equal(strstr(err.text, "layer ") + 6, f->diff_ids.items[1], 12);
	assert_nothing_left(f);
}

/* Good at the third time of asking. */
static int check_late(void *arg, size_t index, struct err *err)
{
	struct fixture *f = arg;
	(void)err;
	assert_int_equal(f->layers[index].state, UNPACKING_IS_FILLED);
	return ++f->checks < 3 ? 0 : 1;
}

static void nothing_is_committed_before_its_source_is_good(void **state)
{
	struct fixture *f = fixture_or_skip(state);
	struct err err = { 0 };
	make_lower(f);
	f->hooks.check = check_late;
	if (run(f, feed_in_order, &err) < 0)
		fail_msg("%s", err.text);
	assert_int_equal(f->checks, 3);
	assert_int_equal(f->stack.names.len, 1);
	assert_nothing_left(f);
}

static int check_bad(void *arg, size_t index, struct err *err)
{
	(void)arg;
	(void)index;
	return err_set(err, ERR_REMOTE, "the line is cut");
}

static void error_of_the_source_counts(void **state)
{
	struct fixture *f = fixture_or_skip(state);
	struct err err = { 0 };
	make_lower(f);
	f->is_garbage = true;
	f->hooks.check = check_bad;
	assert_int_equal(run(f, feed_in_order, &err), -1);
	assert_non_null(strstr(err.text, "the line is cut"));
	assert_int_equal(f->stack.names.len, 0);
	assert_nothing_left(f);
}

static void what_is_there_is_not_read(void **state)
{
	struct fixture *f = fixture_or_skip(state);
	struct err err = { 0 };
	make_lower(f);
	make_dependent(f);
	if (run(f, feed_in_order, &err) < 0)
		fail_msg("%s", err.text);
	close(f->hooks.fd);
	for (size_t i = 0; i < 2; i++)
		fd_close(&f->layers[i].read_fd);
	make_independent(f);
	unpacking_stack_done(&f->stack);
	memset(&f->stack, 0, sizeof(f->stack));
	if (run(f, feed_in_order, &err) < 0)
		fail_msg("%s", err.text);
	assert_int_equal(f->stack.names.len, 3);
	assert_int_equal(f->layers[0].state, UNPACKING_IS_THERE);
	assert_int_equal(f->layers[1].state, UNPACKING_IS_THERE);
	assert_int_equal(f->layers[0].read_fd, -1);
	assert_nothing_left(f);
}

#define LAYERS_TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		LAYERS_TEST(upper_layers_come_before_the_lowest),
		LAYERS_TEST(the_order_makes_no_difference),
		LAYERS_TEST(lower_fails_while_upper_waits),
		LAYERS_TEST(killed_worker_is_missed),
		LAYERS_TEST(nothing_is_committed_before_its_source_is_good),
		LAYERS_TEST(error_of_the_source_counts),
		LAYERS_TEST(what_is_there_is_not_read),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
