/* SPDX-License-Identifier: Apache-2.0 */
/*
 * libFuzzer: any bytes as the state.json of a container, as somebody's disk may hand them back.
 * What can be read can be written and read again, and is the same then.
 */
#include "base/mem.h"
#include "runtime/bundle/record.h"
#include "sys/fd.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static char top[] = "/dev/shm/onggi-fuzz-XXXXXX";
static char path[64];

static void clean(void)
{
	char name[128];
	unlink(path);
	for (const char *const *dir =
		     (const char *const[]){ "state/box", "state", "locks", "", NULL };
	     *dir != NULL; dir++) {
		snprintf(name, sizeof(name), "%s/%s", top, *dir);
		rmdir(name);
	}
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	char name[128];
	(void)argc;
	(void)argv;
	if (mkdtemp(top) == NULL)
		abort();
	for (const char *const *dir = (const char *const[]){ "locks", "state", "state/box", NULL };
	     *dir != NULL; dir++) {
		snprintf(name, sizeof(name), "%s/%s", top, *dir);
		if (mkdir(name, 0700) < 0)
			abort();
	}
	snprintf(path, sizeof(path), "%s/state/box/state.json", top);
	atexit(clean);
	return 0;
}

static bool is_same(const char *a, const char *b)
{
	return a == NULL || b == NULL ? a == b : strcmp(a, b) == 0;
}

static void check_round_trip(const struct record *first)
{
	struct record second = RECORD_INIT;
	struct err err = { 0 };
	if (record_save(first, &err) < 0 || record_open(top, "box", false, &second, &err) < 0)
		abort();
	const struct record_facts *a = &first->facts, *b = &second.facts;
	if (!is_same(a->cgroup_path, b->cgroup_path) || !is_same(a->bundle, b->bundle) ||
	    a->init.pid != b->init.pid || a->init.start_ticks != b->init.start_ticks ||
	    a->monitor.pid != b->monitor.pid || a->annotations.len != b->annotations.len ||
	    a->has_chroot != b->has_chroot)
		abort();
	record_close(&second);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct record record = RECORD_INIT;
	struct err err = { 0 };
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	if (fd < 0 || fd_write_all(fd, data, size) < 0)
		abort();
	close(fd);
	if (record_open(top, "box", false, &record, &err) == 0)
		check_round_trip(&record);
	else if (err.kind == ERR_NONE)
		abort(); /* a failure without a word */
	record_close(&record);
	return 0;
}
