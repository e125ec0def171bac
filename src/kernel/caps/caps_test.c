/* SPDX-License-Identifier: Apache-2.0 */
#include "kernel/caps/caps.h"

#include "base/warn.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#define BIT(name) (UINT64_C(1) << caps_by_name(name))

static void names_and_numbers(void **state)
{
	(void)state;
	assert_int_equal(caps_by_name("CAP_CHOWN"), 0);
	assert_int_equal(caps_by_name("cap_chown"), 0);
	assert_int_equal(caps_by_name("Chown"), 0);
	assert_int_equal(caps_by_name("SYS_ADMIN"), 21);
	assert_int_equal(caps_by_name("CAP_CHECKPOINT_RESTORE"), 40);
	assert_int_equal(caps_by_name("CAP_"), -1);
	assert_int_equal(caps_by_name(""), -1);
	assert_int_equal(caps_by_name("CAP_CHOWN "), -1);
	assert_int_equal(caps_by_name("CAP_CAP_CHOWN"), -1);
	for (int cap = 0; cap <= 40; cap++)
		assert_int_equal(caps_by_name(caps_name(cap)), cap);
	assert_null(caps_name(41));
	assert_null(caps_name(-1));
}

static void profiles(void **state)
{
	(void)state;
	assert_int_equal(__builtin_popcountll(caps_default()), 11);
	assert_int_equal(__builtin_popcountll(caps_docker()), 14);
	assert_int_equal(caps_docker() & caps_default(), caps_default());
	assert_int_equal(caps_docker() & ~caps_default(),
			 BIT("MKNOD") | BIT("NET_RAW") | BIT("AUDIT_WRITE"));
	assert_int_equal(caps_default() & BIT("SYS_ADMIN"), 0);
	assert_int_equal(caps_all() & caps_docker(), caps_docker());
	assert_true((caps_all() & (caps_all() + 1)) == 0);
}

static void tweaks(void **state)
{
	(void)state;
	const uint64_t base = BIT("CHOWN") | BIT("KILL");
	const struct {
		const char *add, *drop; /* comma lists */
		uint64_t mask;
	} cases[] = {
		{ "", "", base },
		{ "NET_RAW", "", base | BIT("NET_RAW") },
		{ "", "cap_kill", BIT("CHOWN") },
		{ "KILL", "KILL", base },
		{ "", "ALL", 0 },
		{ "CAP_NET_ADMIN", "all", BIT("NET_ADMIN") },
		{ "ALL", "", caps_all() },
		{ "all", "SYS_ADMIN", caps_all() & ~BIT("SYS_ADMIN") },
		{ "ALL", "ALL", caps_all() },
	};
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		AUTO(struct strv, strv_done) add = { 0 };
		AUTO(struct strv, strv_done) drop = { 0 };
		if (cases[i].add[0] != '\0')
			strv_split(&add, cases[i].add, ',');
		if (cases[i].drop[0] != '\0')
			strv_split(&drop, cases[i].drop, ',');
		uint64_t mask = base;
		assert_int_equal(caps_tweak(&mask, &add, &drop, NULL), 0);
		if (mask != cases[i].mask)
			fail_msg("add %s, drop %s: %llx", cases[i].add, cases[i].drop,
				 (unsigned long long)mask);
	}
	AUTO(struct strv, strv_done) wrong = { 0 };
	struct err err = { 0 };
	uint64_t mask = 5;
	strv_add(&wrong, "NET_ROW");
	assert_int_equal(caps_tweak(&mask, NULL, &wrong, &err), -1);
	assert_int_equal(err.kind, ERR_INVALID);
	assert_non_null(strstr(err.text, "NET_ROW"));
	assert_int_equal(mask, 5);
}

static int warnings;

static void count_warning(const char *text)
{
	(void)text;
	warnings++;
}

/* In a child: sets are of one process. @return 0, or the line that failed */
#define EXPECT(claim)                                                                              \
	do {                                                                                       \
		if (!(claim))                                                                      \
			return __LINE__ % 250 + 1;                                                 \
	} while (0)

static int apply_in_child(void)
{
	struct caps want = {
		.bounding = caps_default(),
		.permitted = caps_default(),
		.effective = caps_default(),
		.inheritable = BIT("CHOWN") | BIT("KILL"),
		.ambient = BIT("KILL"),
	};
	struct caps have = { 0 };
	/* An ambient bit from before must not survive. */
	struct caps first = { .permitted = caps_docker() | caps_default(),
			      .effective = caps_docker(),
			      .inheritable = BIT("CHOWN"),
			      .ambient = BIT("CHOWN") };
	EXPECT(caps_apply(&first, NULL) == 0);
	EXPECT(caps_read_self(&have, NULL) == 0 && have.ambient == BIT("CHOWN"));
	EXPECT(caps_apply_bounding(&want, NULL) == 0);
	EXPECT(caps_apply_bounding(&want, NULL) == 0); /* nothing left to drop */
	EXPECT(caps_apply(&want, NULL) == 0);
	EXPECT(caps_read_self(&have, NULL) == 0);
	EXPECT(have.bounding == want.bounding && have.permitted == want.permitted);
	EXPECT(have.effective == want.effective && have.inheritable == want.inheritable);
	EXPECT(have.ambient == want.ambient);
	EXPECT(warnings == 0);

	want.permitted |= BIT("SYS_ADMIN");
	want.effective |= BIT("SYS_ADMIN");
	EXPECT(caps_apply(&want, NULL) == 0 && caps_apply(&want, NULL) == 0);
	EXPECT(warnings == 1);
	EXPECT(caps_read_self(&have, NULL) == 0 && have.effective == caps_default());

	struct caps none = { 0 };
	EXPECT(caps_apply(&none, NULL) == 0 && caps_read_self(&have, NULL) == 0);
	EXPECT(have.permitted == 0 && have.effective == 0 && have.inheritable == 0 &&
	       have.ambient == 0);
	struct err err = { 0 };
	EXPECT(caps_apply_bounding(&want, NULL) == 0); /* nothing to drop: needs no right */
	EXPECT(caps_apply_bounding(&none, &err) == -1 && err.kind == ERR_SYSTEM);
	return 0;
}

static void sets_of_a_process(void **state)
{
	(void)state;
	struct caps self = { 0 };
	assert_int_equal(caps_read_self(&self, NULL), 0);
	uint64_t need = caps_docker();
	if ((self.permitted & need) != need || (self.bounding & need) != need) {
		print_message("needs Docker's 14 capabilities\n");
		skip();
	}
	pid_t pid = fork();
	if (pid == 0) {
		warn_to(count_warning);
		_exit(apply_in_child());
	}
	int status;
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_and_numbers),
		cmocka_unit_test(profiles),
		cmocka_unit_test(tweaks),
		cmocka_unit_test(sets_of_a_process),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
