/* SPDX-License-Identifier: Apache-2.0 */
#include "format/mount_flag.h"

#include "base/buf.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

typedef int parse_fn(const char *text, struct mount_flag *out, struct err *err);

/* One line that says all: "bind /a>/b ro disabled rslave x,y". */
static char *flag_say(const struct mount_flag *flag)
{
	static const char *const recursions[] = { "", " disabled", " writable", " readonly" };
	AUTO(struct buf, buf_done) text = { 0 };
	buf_addf(&text, "%s %s>%s%s%s", flag->type == MOUNT_FLAG_BIND ? "bind" : "tmpfs",
		 flag->source != NULL ? flag->source : "", flag->target,
		 flag->is_readonly ? " ro" : "", recursions[flag->recursion]);
	if (flag->propagation != NULL)
		buf_addf(&text, " %s", flag->propagation);
	for (size_t i = 0; i < flag->options.len; i++)
		buf_addf(&text, "%s%s", i == 0 ? " " : ",", flag->options.items[i]);
	return buf_take(&text);
}

struct row {
	const char *text, *wanted;
};

static void expect_good(parse_fn *parse, const struct row *rows, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		AUTO(struct mount_flag, mount_flag_done) flag = { 0 };
		struct err err = { 0 };
		if (parse(rows[i].text, &flag, &err) < 0)
			fail_msg("%s: %s", rows[i].text, err.text);
		AUTO_FREE char *said = flag_say(&flag);
		assert_string_equal(said, rows[i].wanted);
	}
}

/* `wanted` is a part of the message */
static void expect_bad(parse_fn *parse, const struct row *rows, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		struct mount_flag flag = { 0 };
		struct err err = { 0 };
		if (parse(rows[i].text, &flag, &err) == 0)
			fail_msg("%s was taken", rows[i].text);
		if (strstr(err.text, rows[i].wanted) == NULL)
			fail_msg("%s: %s", rows[i].text, err.text);
		assert_null(flag.target);
	}
}

static void mounts_are_fields(void **state)
{
	(void)state;
	static const struct row good[] = {
		{ "type=bind,source=/a,target=/b", "bind /a>/b" },
		{ "type=bind,src=/a,dst=/b,readonly", "bind /a>/b ro" },
		{ "type=bind,src=/a,destination=/b,ro=true", "bind /a>/b ro" },
		{ "type=bind,src=/a,dst=/b,readonly=0", "bind /a>/b" },
		{ "dst=/b,src=rel,type=bind", "bind rel>/b" },
		{ "type=bind,\"src=/a,b\",dst=/b", "bind /a,b>/b" },
		{ "type=bind,src=/a,dst=/b,bind-propagation=rslave", "bind /a>/b rslave" },
		{ "type=bind,src=/a,dst=/b,bind-nonrecursive", "bind /a>/b disabled" },
		{ "type=bind,src=/a,dst=/b,bind-recursive=disabled", "bind /a>/b disabled" },
		{ "type=bind,src=/a,dst=/b,ro,bind-recursive=writable", "bind /a>/b ro writable" },
		{ "type=bind,src=/a,dst=/b,ro,bind-recursive=readonly,bind-propagation=rprivate",
		  "bind /a>/b ro readonly rprivate" },
		{ "type=bind,src=/a,dst=/b,consistency=cached", "bind /a>/b" },
		{ "type=tmpfs,dst=/b", "tmpfs >/b" },
		{ "type=tmpfs,dst=/b,tmpfs-size=1m,tmpfs-mode=1777",
		  "tmpfs >/b size=1048576,mode=1777" },
		{ "type=tmpfs,dst=/b,tmpfs-size=0", "tmpfs >/b" },
	};
	static const struct row bad[] = {
		{ "", "unexpected key ''" },
		{ "src=/a,dst=/b", "type volume" },
		{ "type=volume,src=v,dst=/b", "type volume" },
		{ "type=image,src=v,dst=/b", "type image" },
		{ "type=foo,dst=/b", "mount type unknown: \"foo\"" },
		{ "type=bind,sr=/a,dst=/b", "unexpected key 'sr' in 'sr=/a'" },
		{ "type=bind,src=/a", "target is required" },
		{ "type=bind,dst=/b", "source is required" },
		{ "type=bind,src=,dst=/b", "invalid value for src" },
		{ "type=bind,src=/a,dst=b", "must be absolute" },
		{ "type=bind,src=/a,dst=//", "can't be '/'" },
		{ "type=bind,src=/a,dst=/b,readonly=maybe", "invalid value for readonly: maybe" },
		{ "type=bind,src=/a,dst=/b,bind-propagation=x", "invalid value for bind-prop" },
		{ "type=bind,src=/a,dst=/b,bind-recursive=readonly", "requires 'readonly'" },
		{ "type=bind,src=/a,dst=/b,ro,bind-recursive=readonly", "rprivate" },
		{ "type=bind,src=/a,dst=/b,tmpfs-size=1", "cannot mix 'tmpfs-*'" },
		{ "type=tmpfs,dst=/b,src=/a", "source must not be specified" },
		{ "type=tmpfs,dst=/b,bind-nonrecursive", "cannot mix 'bind-*'" },
		{ "type=tmpfs,dst=/b,tmpfs-size=zz", "invalid value for tmpfs-size: zz" },
		{ "type=tmpfs,dst=/b,tmpfs-mode=9", "invalid value for tmpfs-mode: 9" },
		{ "type=tmpfs,dst=/b,tmpfs-size", "must be a key=value pair" },
		{ "type=bind,volume-nocopy,src=/a,dst=/b", "volume-nocopy is not yet supported" },
		{ "type=bind,\"src=/a,dst=/b", "stray \"" },
		{ "type=bind,s\"rc=/a,dst=/b", "stray \"" },
	};
	expect_good(mount_flag_parse, good, ARRAY_LEN(good));
	expect_bad(mount_flag_parse, bad, ARRAY_LEN(bad));
}

static void volumes_have_colons(void **state)
{
	(void)state;
	static const struct row good[] = {
		{ "/a:/b", "bind /a>/b" },
		{ "./a:/b", "bind ./a>/b" },
		{ "/a:/b:ro", "bind /a>/b ro" },
		{ "/a:/b:rw", "bind /a>/b" },
		{ "/a:/b:ro,rslave", "bind /a>/b ro rslave" },
		{ "/a:/b:noexec,nosuid,cached", "bind /a>/b noexec,nosuid" },
		{ "/a:/b:bind", "bind /a>/b disabled" },
		{ "/a:/b:Z", "bind /a>/b Z" },
	};
	static const struct row bad[] = {
		{ "", "empty section" },
		{ "/b", "anonymous volumes" },
		{ ":/b", "empty section" },
		{ "/a:", "empty section" },
		{ "/a:/b:", "empty section" },
		{ "data:/b", "named volumes" },
		{ "/a:b", "must be absolute" },
		{ "/a:/", "can't be '/'" },
		{ "/a:/b:zz", "invalid mode: zz" },
		{ "/a:/b:ro:ro", "invalid volume specification" },
		{ "/a:/b:nocopy", "nocopy is for volumes" },
		{ "/a:/b:ro,", "invalid mode: " },
	};
	expect_good(volume_flag_parse, good, ARRAY_LEN(good));
	expect_bad(volume_flag_parse, bad, ARRAY_LEN(bad));
}

static void tmpfs_has_options(void **state)
{
	(void)state;
	static const struct row good[] = {
		{ "/run", "tmpfs >/run" },
		{ "/run:", "tmpfs >/run" },
		{ "/run:size=64m,mode=755,ro", "tmpfs >/run ro size=64m,mode=755" },
		{ "/run:exec", "tmpfs >/run exec" },
	};
	static const struct row bad[] = {
		{ "run", "must be absolute" },
		{ "", "must be absolute" },
		{ "/", "can't be '/'" },
		{ "/run:size=1,,", "invalid tmpfs option" },
	};
	expect_good(tmpfs_flag_parse, good, ARRAY_LEN(good));
	expect_bad(tmpfs_flag_parse, bad, ARRAY_LEN(bad));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(mounts_are_fields),
		cmocka_unit_test(volumes_have_colons),
		cmocka_unit_test(tmpfs_has_options),
	};
	return cmocka_run_group_tests_name("mount_flag", tests, NULL, NULL);
}
