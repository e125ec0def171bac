/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A process is killed at any point of its work on the store; the next one opens it and finds all or
 * nothing. And many processes work on one store at a time.
 */
#include "base/mem.h"
#include "store/fixture.h"
#include "sys/fd.h"

#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

static void work_on_image(struct fixture *f)
{
	char id[DIGEST_HEX_SIZE];
	struct err err = { 0 };
	fixture_image(f, "abc", "made", id);
	struct image_removed removed = { 0 };
	if (image_remove(&f->store, "made", false, &removed, &err) < 0)
		fail_msg("%s", err.text);
	image_removed_done(&removed);
}

static void work_on_pulled(struct fixture *f)
{
	char id[DIGEST_HEX_SIZE];
	struct err err = { 0 };
	fixture_pulled(f, "abc", "host.example/made", "1", id);
	struct image_removed removed = { 0 };
	if (image_remove(&f->store, "host.example/made:1", false, &removed, &err) < 0)
		fail_msg("%s", err.text);
	image_removed_done(&removed);
}

static void work_on_container(struct fixture *f, bool is_throwaway)
{
	struct container c = fixture_container("made", NULL, is_throwaway);
	struct container_lease lease = CONTAINER_LEASE_NONE;
	struct err err = { 0 };
	if (container_create(&f->store, &c, true, &lease, &err) < 0)
		fail_msg("%s", err.text);
	c.status = CONTAINER_RUNNING;
	container_save(&f->store, &lease, &c, &err);
	c.status = CONTAINER_EXITED;
	container_save(&f->store, &lease, &c, &err);
	container_remove(&f->store, c.id, &lease, &err);
	container_lease_done(&lease);
	container_done(&c);
}

static void work_kept(struct fixture *f)
{
	work_on_container(f, false);
}

static void work_throwaway(struct fixture *f)
{
	work_on_container(f, true);
}

static int adopt(const struct store *store, struct container *container,
		 struct container_lease *lease, void *arg, struct err *err)
{
	(void)arg;
	return container_remove(store, container->id, lease, err);
}

/* What the next command finds: sound objects only, and after its recovery no remains. */
static void check_after(struct fixture *f, const char *where)
{
	struct err err = { 0 };
	struct image_list images = { 0 };
	struct container_list containers = { 0 };
	if (container_each_orphan(&f->store, adopt, NULL, &err) < 0 ||
	    store_sweep_staging(&f->store, &err) < 0 ||
	    layer_sweep(&f->store, NULL, NULL, &err) < 0 ||
	    image_list(&f->store, &images, &err) < 0 ||
	    container_list(&f->store, &containers, &err) < 0)
		fail_msg("%s: %s", where, err.text);
	for (size_t i = 0; i < images.len; i++)
		for (size_t j = 0; j < images.items[i].layers.len; j++) {
			struct layer_info info;
			if (layer_info(&f->store, images.items[i].layers.items[j], &info, &err) < 0)
				fail_msg("%s: an image without its layer: %s", where, err.text);
		}
	for (size_t i = 0; i < containers.len; i++)
		if (container_remove(&f->store, containers.items[i].id, NULL, &err) < 0)
			fail_msg("%s: %s", where, err.text);
	size_t expected_layers = images.len > 0 ? 3 : 0;
	/* A manifest and its index; both or none, and never without their image. */
	size_t manifests = fixture_count(f, "manifests");
	size_t expected_blobs = images.len + 2 * manifests;
	if (fixture_count(f, "staging") != 0 || fixture_count(f, "containers") != 0 ||
	    fixture_count(f, "run:containers") != 0 || fixture_count(f, "run:names") != 0 ||
	    fixture_count(f, "quarantine") != 0 || manifests > images.len ||
	    fixture_count(f, "blobs/sha256") != expected_blobs ||
	    fixture_count(f, "layers") != expected_layers || f->warnings != 0)
		fail_msg("%s: remains: staging %zu, containers %zu, run %zu, names %zu, layers "
			 "%zu, manifests %zu, blobs %zu",
			 where, fixture_count(f, "staging"), fixture_count(f, "containers"),
			 fixture_count(f, "run:containers"), fixture_count(f, "run:names"),
			 fixture_count(f, "layers"), manifests, fixture_count(f, "blobs/sha256"));
	image_list_done(&images);
	container_list_done(&containers);
}

/* Kill the child when it is about to make its `stop`th system call.
 * @return true if it ended by itself before that */
static bool run_until_call(struct fixture *f, void (*work)(struct fixture *f), unsigned stop)
{
	pid_t pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		ptrace(PTRACE_TRACEME, 0, NULL, NULL);
		raise(SIGSTOP);
		work(f);
		_exit(0);
	}
	int status;
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFSTOPPED(status));
	ptrace(PTRACE_SETOPTIONS, pid, NULL, (void *)(uintptr_t)PTRACE_O_EXITKILL);
	for (unsigned calls = 0; calls <= 2 * stop; calls++) { /* entry and exit of each */
		ptrace(PTRACE_SYSCALL, pid, NULL, NULL);
		assert_int_equal(waitpid(pid, &status, 0), pid);
		if (WIFEXITED(status)) {
			assert_int_equal(WEXITSTATUS(status), 0);
			return true;
		}
	}
	kill(pid, SIGKILL);
	while (waitpid(pid, &status, 0) == pid && !WIFSIGNALED(status))
		;
	return false;
}

static void sweep_kills(const char *name, void (*work)(struct fixture *f), unsigned step)
{
	struct fixture f;
	fixture_open_in_memory(&f);
	unsigned points = 0;
	for (unsigned stop = 0;; stop += step) {
		char where[64];
		bool is_over = run_until_call(&f, work, stop);
		snprintf(where, sizeof(where), "%s killed at call %u", name, stop);
		store_close(&f.store);
		fixture_reopen(&f);
		check_after(&f, where);
		points++;
		if (is_over)
			break;
	}
	assert_true(points > 10); /* else nothing was killed */
	fixture_close(&f);
}

static void killed_with_an_image(void **state)
{
	(void)state;
	sweep_kills("image", work_on_image, 1);
}

static void killed_with_a_pulled_image(void **state)
{
	(void)state;
	sweep_kills("pulled image", work_on_pulled, 1);
}

static void killed_with_a_kept_container(void **state)
{
	(void)state;
	sweep_kills("kept container", work_kept, 1);
}

static void killed_with_a_throwaway_container(void **state)
{
	(void)state;
	sweep_kills("throw-away container", work_throwaway, 1);
}

#define WORKERS 16
#define ROUNDS  12

/* One of many: its own containers, one contested name, one image that all load and remove. */
static int contend(struct fixture *f, int worker)
{
	struct err err = { 0 };
	for (int i = 0; i < ROUNDS; i++) {
		char name[32], id[DIGEST_HEX_SIZE];
		snprintf(name, sizeof(name), i % 4 == 0 ? "contested" : "own-%d", worker);
		struct container c = fixture_container(name, NULL, i % 3 != 0);
		struct container_lease lease = CONTAINER_LEASE_NONE;
		struct container_list list = { 0 };
		int rc = container_create(&f->store, &c, true, &lease, &err);
		if (rc < 0 && (i % 4 != 0 || err.kind != ERR_CONFLICT))
			return 10;
		if (container_list(&f->store, &list, &err) < 0)
			return 11;
		container_list_done(&list);
		if (rc == 0 && container_remove(&f->store, c.id, &lease, &err) < 0)
			return 12;
		container_lease_done(&lease);
		container_done(&c);
		if (worker % 4 == 0 && i % 4 == 1) {
			int lease_fd = layer_lease(&f->store, &err);
			fixture_image(f, "ab", "shared", id);
			close(lease_fd);
		}
		struct image_removed removed = { 0 };
		if (worker % 4 == 1 && i % 4 == 2 &&
		    image_remove(&f->store, "shared", true, &removed, &err) < 0 &&
		    err.kind != ERR_NOT_FOUND)
			return 13;
		image_removed_done(&removed);
		if (worker % 4 == 2 && container_each_orphan(&f->store, adopt, NULL, &err) < 0)
			return 14;
	}
	return 0;
}

static void many_at_a_time(void **state)
{
	(void)state;
	struct fixture f;
	fixture_open_in_memory(&f);
	pid_t pids[WORKERS];
	for (int i = 0; i < WORKERS; i++) {
		pids[i] = fork();
		assert_true(pids[i] >= 0);
		if (pids[i] == 0)
			_exit(f.warnings > 0 ? 1 : contend(&f, i));
	}
	for (int i = 0; i < WORKERS; i++) {
		int status;
		assert_int_equal(waitpid(pids[i], &status, 0), pids[i]);
		if (status != 0)
			fail_msg("worker %d: status %#x", i, (unsigned)status);
	}
	struct image_removed removed = { 0 };
	image_remove(&f.store, "shared", true, &removed, NULL);
	image_removed_done(&removed);
	check_after(&f, "many at a time");
	fixture_close(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(killed_with_a_throwaway_container),
		cmocka_unit_test(killed_with_a_kept_container),
		cmocka_unit_test(killed_with_an_image),
		cmocka_unit_test(killed_with_a_pulled_image),
		cmocka_unit_test(many_at_a_time),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
