/* SPDX-License-Identifier: Apache-2.0 */
/* The option table against its own laws, and every option that shows against the kernel. */
#include "kernel/mount/mount.h"
#include "kernel/mount/room_test.h"

static struct mount_options parse(const char *words_text)
{
	AUTO(struct strv, strv_done) words = room_words(words_text);
	struct mount_options options = { 0 };
	struct err err = { 0 };
	assert_int_equal(mount_options_parse(&words, &options, &err), 0);
	return options;
}

static void table_is_alphabetical_and_complete(void **state)
{
	(void)state;
	static const char all[] =
		"acl,async,atime,bind,copy-symlink,defaults,dest-nofollow,dev,diratime,dirsync,"
		"exec,idmap,iversion,"
		"lazytime,loud,mand,noacl,noatime,nodev,nodiratime,noexec,noiversion,nolazytime,"
		"nomand,"
		"norelatime,nostrictatime,nosuid,nosymfollow,private,ratime,rbind,rdev,rdiratime,"
		"relatime,remount,rexec,ridmap,rnoatime,rnodev,rnodiratime,rnoexec,rnorelatime,"
		"rnostrictatime,rnosuid,rnosymfollow,ro,rprivate,rrelatime,rro,rrw,rshared,rslave,"
		"rstrictatime,rsuid,rsymfollow,runbindable,rw,shared,silent,slave,src-nofollow,"
		"strictatime,suid,symfollow,sync,tmpcopyup,unbindable";
	AUTO(struct strv, strv_done) words = room_words(all);
	size_t i = 0;
	for (; mount_option_word(i) != NULL; i++) {
		assert_true(i < words.len);
		assert_string_equal(mount_option_word(i), words.items[i]);
		struct mount_options options = parse(words.items[i]);
		assert_int_equal(options.data.len, 0); /* found, not taken for data */
		mount_options_done(&options);
	}
	assert_int_equal(i, words.len);
}

static void a_word_sets_what_it_says(void **state)
{
	(void)state;
	const uint64_t atime = MOUNT_ATTR__ATIME;
	static const struct {
		const char *words;
		uint64_t set, clear;
	} cases[] = {
		{ "", 0, 0 },
		{ "nosuid", MOUNT_ATTR_NOSUID, 0 },
		{ "suid", 0, MOUNT_ATTR_NOSUID },
		{ "nosuid,suid", 0, MOUNT_ATTR_NOSUID },
		{ "suid,nosuid", MOUNT_ATTR_NOSUID, 0 },
		{ "nodev,noexec", MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC, 0 },
		{ "ro", MOUNT_ATTR_RDONLY, 0 },
		{ "ro,rw", 0, MOUNT_ATTR_RDONLY },
		{ "noatime", MOUNT_ATTR_NOATIME, MOUNT_ATTR__ATIME },
		{ "noatime,strictatime", MOUNT_ATTR_STRICTATIME, MOUNT_ATTR__ATIME },
		{ "strictatime,nostrictatime", 0, MOUNT_ATTR__ATIME },
		{ "strictatime,relatime", 0, MOUNT_ATTR__ATIME },
		{ "noatime,norelatime", MOUNT_ATTR_NOATIME, MOUNT_ATTR__ATIME },
		{ "nodiratime,noatime", MOUNT_ATTR_NODIRATIME | MOUNT_ATTR_NOATIME,
		  MOUNT_ATTR__ATIME },
		{ "nosymfollow", MOUNT_ATTR_NOSYMFOLLOW, 0 },
		{ "symfollow", 0, MOUNT_ATTR_NOSYMFOLLOW },
	};
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct mount_options options = parse(cases[i].words);
		assert_int_equal(options.attr_set, cases[i].set);
		assert_int_equal(options.attr_clear, cases[i].clear);
		assert_int_equal(options.rec_attr_set | options.rec_attr_clear, 0);
		mount_options_done(&options);
	}
	struct mount_options options = parse("rro,rnosuid,rstrictatime,rw");
	assert_int_equal(options.rec_attr_set,
			 MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_STRICTATIME);
	assert_int_equal(options.rec_attr_clear, atime);
	assert_int_equal(options.attr_clear, MOUNT_ATTR_RDONLY);
	mount_options_done(&options);
}

static void kinds_beside_attributes(void **state)
{
	(void)state;
	struct mount_options options = parse("rbind,rslave,tmpfs-word,mode=755,sync,ro,dirsync,"
					     "async,src-nofollow,dest-nofollow,ridmap");
	assert_true(options.is_bind && options.is_recursive && !options.is_remount);
	assert_int_equal(options.propagation_len, 1);
	assert_int_equal(options.propagation[0], MS_SLAVE | MS_REC);
	assert_int_equal(options.sb_flags, MS_RDONLY | MS_DIRSYNC);
	assert_int_equal(options.sb_clear, MS_SYNCHRONOUS);
	assert_true(options.src_nofollow && options.dest_nofollow);
	assert_true(options.idmap_recursive && options.idmap && !options.tmpcopyup);
	assert_int_equal(options.data.len, 2);
	assert_string_equal(options.data.items[1], "mode=755");
	mount_options_done(&options);

	options = parse("rslave,shared,copy-symlink,bind,ridmap=uids=0-1-1;gids=0-2-1");
	assert_int_equal(options.propagation_len, 2);
	assert_true(options.copy_symlink && options.idmap && options.idmap_recursive);
	assert_string_equal(options.idmap_words, "uids=0-1-1;gids=0-2-1");
	mount_options_done(&options);

	options = parse("rshared,private,bind,remount,defaults,");
	assert_int_equal(options.propagation_len, 2);
	assert_int_equal(options.propagation[0], MS_SHARED | MS_REC);
	assert_int_equal(options.propagation[1], MS_PRIVATE);
	assert_false(options.is_recursive);
	assert_true(options.is_bind && options.is_remount);
	assert_int_equal(options.data.len, 0);
	mount_options_done(&options);
}

/* Several in one word, as mount(2) would take them. */
static void data_is_split_at_commas(void **state)
{
	(void)state;
	static char word[] = "size=1m,mode=700,,context=\"a,b\",lowerdir=c\\,d";
	static char *items[] = { word, NULL };
	const struct strv words = { .items = items, .len = 1 };
	struct mount_options options = { 0 };
	struct err err = { 0 };
	assert_int_equal(mount_options_parse(&words, &options, &err), 0);
	assert_int_equal(options.data.len, 4);
	assert_string_equal(options.data.items[1], "mode=700");
	assert_string_equal(options.data.items[2], "context=\"a,b\"");
	assert_string_equal(options.data.items[3], "lowerdir=c\\,d");
	mount_options_done(&options);
}

static void contradictions_and_refusals(void **state)
{
	(void)state;
	static const struct {
		const char *words;
		enum err_kind kind;
	} cases[] = {
		{ "idmap,ridmap", ERR_INVALID },
		{ "bind,tmpcopyup", ERR_INVALID },
		{ "idmap=uids=0-1-1;gids=0-1-1,ridmap", ERR_INVALID },
		{ "shared,slave,shared,slave,shared,slave,shared,slave,shared", ERR_INVALID },
	};
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		AUTO(struct strv, strv_done) words = room_words(cases[i].words);
		struct mount_options options, untouched;
		memset(&options, 0x5a, sizeof(options));
		memset(&untouched, 0x5a, sizeof(untouched));
		struct err err = { 0 };
		assert_int_equal(mount_options_parse(&words, &options, &err), -1);
		assert_int_equal(err.kind, cases[i].kind);
		assert_memory_equal(&options, &untouched, sizeof(options));
	}
}

/* Whatever comes in: no bit is both set and cleared, and the laws between the masks hold. */
static void random_words_keep_the_laws(void **state)
{
	(void)state;
	static const char letters[] = "abcdefghrosn=,-\\: ";
	uint64_t seed = 88172645463325252u;
	size_t known = 0;
	while (mount_option_word(known) != NULL)
		known++;
	for (int round = 0; round < 20000; round++) {
		AUTO(struct strv, strv_done) words = { 0 };
		for (int w = 0; w < 8; w++) {
			seed ^= seed << 13, seed ^= seed >> 7, seed ^= seed << 17;
			char junk[6] = { 0 };
			for (size_t k = 0; k < seed % 6; k++)
				junk[k] = letters[(seed >> (8 * k)) % (sizeof(letters) - 1)];
			strv_add(&words, (seed >> 40) % 4 == 0
						 ? junk
						 : mount_option_word((seed >> 20) % known));
		}
		struct mount_options options = { 0 };
		struct err err = { 0 };
		if (mount_options_parse(&words, &options, &err) < 0) {
			assert_int_equal(err.kind, ERR_INVALID);
			continue;
		}
		const uint64_t no_atime = ~(uint64_t)MOUNT_ATTR__ATIME;
		assert_int_equal(options.attr_set & options.attr_clear & no_atime, 0);
		assert_int_equal(options.rec_attr_set & options.rec_attr_clear & no_atime, 0);
		assert_int_equal(options.sb_flags & options.sb_clear, 0);
		if ((options.attr_set & MOUNT_ATTR__ATIME) != 0)
			assert_int_equal(options.attr_clear & MOUNT_ATTR__ATIME, MOUNT_ATTR__ATIME);
		assert_true(options.is_bind || !options.is_recursive);
		assert_true(options.data.len <= words.len);
		mount_options_done(&options);
	}
}

/* The options field (6th) and the super block's (last) of the top mount at `path`. */
static void read_mountinfo(const char *path, char *out_mount, char *out_super)
{
	AUTO_FREE char *text = room_read("/proc/self/mountinfo");
	char *next = text;
	*out_mount = *out_super = '\0';
	for (char *line; (line = strsep(&next, "\n")) != NULL;) {
		char point[256], options[201];
		if (sscanf(line, "%*s %*s %*s %*s %255s %200s", point, options) != 2 ||
		    strcmp(point, path) != 0)
			continue;
		snprintf(out_mount, 256, ",%s,%s,", options,
			 strstr(line, "shared:") != NULL      ? "shared"
			 : strstr(line, "master:") != NULL    ? "slave"
			 : strstr(line, "unbindable") != NULL ? "unbindable"
							      : "private");
		snprintf(out_super, 256, ",%s,", strrchr(line, ' ') + 1);
	}
}

static void attach_with(const char *words_text, const char *target, const char *bind_from)
{
	AUTO(struct strv, strv_done) words = room_words(words_text);
	AUTO(struct mount_options, mount_options_done) options = { 0 };
	struct err err = { 0 };
	CHECK_OK(mount_options_parse(&words, &options, &err), &err);
	AUTO_FD fd = bind_from != NULL
			     ? mount_clone(AT_FDCWD, bind_from, options.is_recursive, &err)
			     : mount_new("tmpfs", "tmpfs", &options.data, options.attr_set,
					 options.sb_flags, &err);
	CHECK_OK(fd, &err);
	if (bind_from != NULL)
		CHECK_OK(mount_set_attrs(fd, options.attr_set, options.attr_clear, false, &err),
			 &err);
	CHECK_OK(mount_set_attrs(fd, options.rec_attr_set, options.rec_attr_clear, true, &err),
		 &err);
	AUTO_FD target_fd = open(target, O_PATH | O_CLOEXEC);
	CHECK(target_fd >= 0);
	CHECK_OK(mount_attach(fd, target_fd, &err), &err);
	for (size_t i = 0; i < options.propagation_len; i++)
		CHECK_OK(mount_set_propagation(fd, options.propagation[i] & ~MS_REC,
					       (options.propagation[i] & MS_REC) != 0, &err),
			 &err);
}

/* Attach with the options, as a new file system and as a bind, and read them back. */
static void round_trip_body(void)
{
	static const struct {
		const char *words, *mount_has, *mount_lacks, *super_has;
	} cases[] = {
		{ "defaults", ",rw,", ",noexec,", ",rw," },
		{ "ro", ",ro,", ",rw,", ",ro," },
		{ "nosuid", ",nosuid,", ",nodev,", NULL },
		{ "nodev", ",nodev,", ",nosuid,", NULL },
		{ "noexec", ",noexec,", ",nosuid,", NULL },
		{ "noatime", ",noatime,", ",relatime,", NULL },
		{ "nodiratime", ",nodiratime,", ",noatime,", NULL },
		{ "relatime", ",relatime,", ",noatime,", NULL },
		{ "strictatime", ",rw,", ",relatime,", NULL },
		{ "strictatime,nostrictatime", ",relatime,", ",noatime,", NULL },
		{ "noatime,atime", ",relatime,", ",noatime,", NULL },
		{ "nosymfollow", ",nosymfollow,", ",nosuid,", NULL },
		{ "noexec,exec,nodev,dev,nosuid,suid", ",rw,", ",no", NULL },
		{ "rnosuid,rnoexec", ",nosuid,noexec,", ",nodev,", NULL },
		{ "rro", ",ro,", ",rw,", NULL },
		{ "rnoatime,rnodiratime", ",noatime,nodiratime,", ",relatime,", NULL },
		{ "rnosymfollow,rnodev", ",nodev,", ",noexec,", NULL },
		{ "shared", ",shared,", ",private,", NULL },
		{ "private", ",private,", ",shared,", NULL },
		{ "unbindable", ",unbindable,", ",private,", NULL },
	};
	CHECK(mkdir("new", 0755) == 0 && mkdir("from", 0755) == 0 && mkdir("bind", 0755) == 0);
	char cwd[128], new_path[160], bind_path[160], mount_text[256], super_text[256];
	CHECK(getcwd(cwd, sizeof(cwd)) != NULL);
	snprintf(new_path, sizeof(new_path), "%s/new", cwd);
	snprintf(bind_path, sizeof(bind_path), "%s/bind", cwd);
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		attach_with(cases[i].words, "new", NULL);
		read_mountinfo(new_path, mount_text, super_text);
		CHECK(strstr(mount_text, cases[i].mount_has) != NULL);
		CHECK(strstr(mount_text, cases[i].mount_lacks) == NULL);
		CHECK(cases[i].super_has == NULL || strstr(super_text, cases[i].super_has));
		CHECK(umount2("new", MNT_DETACH) == 0);

		attach_with(cases[i].words, "bind", "from");
		read_mountinfo(bind_path, mount_text, super_text);
		CHECK(strstr(mount_text, cases[i].mount_has) != NULL);
		CHECK(strstr(mount_text, cases[i].mount_lacks) == NULL);
		CHECK(umount2("bind", MNT_DETACH) == 0);
	}
	static const char *const super_words[] = { "sync", "dirsync", "lazytime" };
	for (size_t i = 0; i < ARRAY_LEN(super_words); i++) {
		attach_with(super_words[i], "new", NULL);
		read_mountinfo(new_path, mount_text, super_text);
		CHECK(strstr(super_text, super_words[i]) != NULL);
		CHECK(umount2("new", MNT_DETACH) == 0);
	}
	attach_with("mode=750,size=64k,silent,loud,nomand", "new", NULL);
	read_mountinfo(new_path, mount_text, super_text);
	CHECK(strstr(super_text, "size=64k") != NULL && strstr(super_text, "mode=750") != NULL);
}

static void round_trip(void **state)
{
	(void)state;
	room_run(round_trip_body);
}

int main(void)
{
	const struct CMUnitTest pure[] = {
		cmocka_unit_test(table_is_alphabetical_and_complete),
		cmocka_unit_test(a_word_sets_what_it_says),
		cmocka_unit_test(kinds_beside_attributes),
		cmocka_unit_test(data_is_split_at_commas),
		cmocka_unit_test(contradictions_and_refusals),
		cmocka_unit_test(random_words_keep_the_laws),
	};
	const struct CMUnitTest mounting[] = { cmocka_unit_test(round_trip) };
	int failed = cmocka_run_group_tests_name("options", pure, NULL, NULL);
	if (failed != 0)
		return failed;
	return cmocka_run_group_tests_name("options in the kernel", mounting, room_setup,
					   room_teardown);
}
