/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/verb.h"

#include "base/mem.h"
#include "cli/help.h"
#include "cli/listing.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static int lookup(const char *line, struct verb_match *out, struct err *err)
{
	AUTO(struct strv, strv_done) words = { 0 };
	strv_split(&words, line, ' ');
	return verb_lookup(words.items, out, err);
}

static void names_and_aliases(void **state)
{
	(void)state;
	static const struct {
		const char *line, *verb, *preset;
		size_t used;
	} rows[] = {
		{ "run x", "run", NULL, 1 },
		{ "container run x", "run", NULL, 2 },
		{ "container ls -a", "ps", NULL, 2 },
		{ "image ls", "images", NULL, 2 },
		{ "image rm x", "rmi", NULL, 2 },
		{ "image inspect x", "inspect", "--type=image", 2 },
		{ "container inspect x", "inspect", "--type=container", 2 },
		{ "system info", "info", NULL, 2 },
		{ "ls", "ps", NULL, 1 },
	};
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct verb_match match = { 0 };
		assert_int_equal(lookup(rows[i].line, &match, NULL), 0);
		assert_string_equal(match.verb->name, rows[i].verb);
		assert_int_equal(match.used, rows[i].used);
		if (rows[i].preset == NULL)
			assert_null(match.preset);
		else
			assert_string_equal(match.preset, rows[i].preset);
	}
}

static void others_are_refused_by_name(void **state)
{
	(void)state;
	static const struct {
		const char *line, *text;
		enum err_kind kind;
	} rows[] = {
		{ "build .", "'build' is not yet supported", ERR_UNSUPPORTED },
		{ "image push x", "'image push' is not yet supported", ERR_UNSUPPORTED },
		{ "network create x", "'network create' is not yet supported", ERR_UNSUPPORTED },
		{ "network", "'network' is not yet supported", ERR_UNSUPPORTED },
		{ "container foo", "unknown command: onggi container foo", ERR_INVALID },
		{ "container", "'onggi container' needs a command", ERR_INVALID },
		{ "image -x", "'onggi image' needs a command", ERR_INVALID },
		{ "frobnicate", "unknown command: onggi frobnicate", ERR_INVALID },
	};
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct verb_match match = { 0 };
		struct err err = { 0 };
		assert_int_equal(lookup(rows[i].line, &match, &err), -1);
		assert_string_equal(err.text, rows[i].text);
		assert_int_equal(err.kind, rows[i].kind);
	}
}

static void table_is_in_order(void **state)
{
	(void)state;
	for (const struct verb *const *verb = verb_table; *verb != NULL; verb++) {
		assert_non_null((*verb)->summary);
		assert_non_null((*verb)->run);
		if (verb[1] != NULL)
			assert_true(strcmp((*verb)->name, verb[1]->name) < 0);
	}
	for (const struct verb_alias *alias = verb_aliases; alias->name != NULL; alias++)
		assert_non_null(verb_find(alias->verb));
}

static void nouns_have_verbs(void **state)
{
	(void)state;
	struct verb_member members[VERB_MEMBERS_MAX];
	struct verb_match match = { 0 };
	assert_int_equal(lookup("image --help", &match, NULL), 0);
	assert_null(match.verb);
	assert_ptr_equal(match.noun, verb_noun_find("image"));
	for (const struct verb_noun *noun = verb_nouns; noun->name != NULL; noun++) {
		size_t len = verb_noun_members(noun, members);
		assert_in_range(len, 0, VERB_MEMBERS_MAX - 1);
		assert_int_equal(len > 0, noun->about != NULL);
		assert_null(verb_find(noun->name));
		for (size_t i = 0; i < len; i++) {
			AUTO_FREE char *line = mem_printf("%s %s", noun->name, members[i].name);
			assert_int_equal(lookup(line, &match, NULL), 0);
			assert_ptr_equal(match.verb, members[i].verb);
			assert_int_equal(match.used, 2);
		}
		if (noun[1].name != NULL)
			assert_true(strcmp(noun->name, noun[1].name) < 0);
	}
	for (const struct verb *const *verb = verb_table; *verb != NULL; verb++) {
		AUTO_FREE char *noun = mem_strdup((*verb)->name);
		char *space = strchr(noun, ' ');
		if (space != NULL) {
			*space = '\0';
			assert_non_null(verb_noun_find(noun));
		}
	}
}

/* Help keeps to the width, whatever it is; no page has an empty .SH. */
static void help_fits(void **state)
{
	(void)state;
	for (unsigned width = 72; width <= 120; width += 8) {
		for (const struct verb *const *verb = verb_table; *verb != NULL; verb++) {
			AUTO(struct buf, buf_done) text = { 0 };
			AUTO(struct strv, strv_done) lines = { 0 };
			help_add_verb(&text, *verb, width);
			strv_split(&lines, buf_str(&text), '\n');
			for (size_t i = 0; i < lines.len; i++) {
				bool is_option = strncmp(lines.items[i], "  ", 2) == 0 &&
						 strstr(lines.items[i], "--") == lines.items[i] + 6;
				if (is_option && strlen(lines.items[i]) > width)
					fail_msg("%s: %s", (*verb)->name, lines.items[i]);
			}
		}
	}
}

static void manual_pages_have_their_parts(void **state)
{
	(void)state;
	for (const struct verb *const *verb = verb_table; *verb != NULL; verb++) {
		AUTO(struct buf, buf_done) page = { 0 };
		man_add_verb(&page, *verb);
		assert_non_null(strstr(buf_str(&page), ".TH ONGGI-"));
		assert_non_null(strstr(buf_str(&page), "\n.SH SYNOPSIS\nonggi "));
		assert_non_null(strstr(buf_str(&page), "\n.SH EXIT STATUS\n"));
		assert_null(strstr(buf_str(&page), "\n\n"));
	}
}

static bool match_text(const void *object, const char *value)
{
	return strcmp(object, value) == 0;
}

static void filters_narrow_down(void **state)
{
	(void)state;
	AUTO(struct strv, strv_done) filters = { 0 };
	strv_add(&filters, "name=a");
	strv_add(&filters, "name=b");
	strv_add(&filters, "label=x=y");
	assert_int_equal(filter_check(&filters, "label name", NULL), 0);
	assert_true(filter_any(&filters, "name", match_text, "b"));
	assert_false(filter_any(&filters, "name", match_text, "c"));
	assert_false(filter_all(&filters, "name", match_text, "a"));
	assert_true(filter_any(&filters, "id", match_text, "c"));
	assert_true(filter_has(&filters, "label"));

	struct err err = { 0 };
	assert_int_equal(filter_check(&filters, "name", &err), -1);
	assert_string_equal(err.text, "invalid filter 'label'");
	strv_add(&filters, "foo");
	assert_int_equal(filter_check(&filters, "label name", &err), -1);
	assert_non_null(strstr(err.text, "bad format of filter (expected name=value)"));

	AUTO(struct strv, strv_done) labels = { 0 };
	strv_add(&labels, "x=y");
	assert_true(filter_matches_label(&labels, "x"));
	assert_true(filter_matches_label(&labels, "x=y"));
	assert_false(filter_matches_label(&labels, "x=z"));
	assert_false(filter_matches_label(&labels, "y"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_and_aliases),
		cmocka_unit_test(others_are_refused_by_name),
		cmocka_unit_test(table_is_in_order),
		cmocka_unit_test(nouns_have_verbs),
		cmocka_unit_test(help_fits),
		cmocka_unit_test(manual_pages_have_their_parts),
		cmocka_unit_test(filters_narrow_down),
	};
	return cmocka_run_group_tests_name("verb", tests, NULL, NULL);
}
