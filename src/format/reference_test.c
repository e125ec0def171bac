/* SPDX-License-Identifier: Apache-2.0 */
#include "format/reference.h"

#include "base/attr.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define HEX "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

static void completes_and_shortens(void **state)
{
	(void)state;
	static const char *const rows[][3] = {
		{ "debian", "docker.io/library/debian:latest", "debian:latest" },
		{ "debian:12", "docker.io/library/debian:12", "debian:12" },
		{ "me/app", "docker.io/me/app:latest", "me/app:latest" },
		{ "docker.io/debian", "docker.io/library/debian:latest", "debian:latest" },
		{ "index.docker.io/debian", "docker.io/library/debian:latest", "debian:latest" },
		{ "library/debian", "docker.io/library/debian:latest", "debian:latest" },
		{ "docker.io/library/a/b", "docker.io/library/a/b:latest", "library/a/b:latest" },
		{ "docker.io/r.example/a", "docker.io/r.example/a:latest",
		  "docker.io/r.example/a:latest" },
		{ "docker.io/localhost/a", "docker.io/localhost/a:latest",
		  "docker.io/localhost/a:latest" },
		{ "ghcr.io/x/y:1", "ghcr.io/x/y:1", "ghcr.io/x/y:1" },
		{ "localhost/x", "localhost/x:latest", "localhost/x:latest" },
		{ "localhost:5000/x:1", "localhost:5000/x:1", "localhost:5000/x:1" },
		{ "[::1]:5000/x", "[::1]:5000/x:latest", "[::1]:5000/x:latest" },
		{ "Host/x", "Host/x:latest", "Host/x:latest" },
		{ "a__b-c_e/f.h---g", "docker.io/a__b-c_e/f.h---g:latest",
		  "a__b-c_e/f.h---g:latest" },
		{ "debian@sha256:" HEX, "docker.io/library/debian@sha256:" HEX,
		  "debian@sha256:" HEX },
		{ "debian:12@sha256:" HEX, "docker.io/library/debian:12@sha256:" HEX,
		  "debian:12@sha256:" HEX },
	};
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		AUTO(struct reference, reference_done) reference = { 0 };
		struct err err = { 0 };
		if (reference_parse(rows[i][0], &reference, &err) < 0)
			fail_msg("%s: %s", rows[i][0], err.text);
		AUTO_FREE char *full = reference_format(&reference);
		AUTO_FREE char *familiar = reference_familiar(&reference);
		assert_string_equal(full, rows[i][1]);
		assert_string_equal(familiar, rows[i][2]);
		/* Both forms mean the same. */
		AUTO(struct reference, reference_done) again = { 0 };
		assert_int_equal(reference_parse(familiar, &again, &err), 0);
		AUTO_FREE char *full_again = reference_format(&again);
		assert_string_equal(full_again, full);
	}
}

static void refuses_bad_names(void **state)
{
	(void)state;
	static const char *const bad[] = {
		"",
		":",
		"@",
		"a:",
		"a@",
		":tag",
		"a:b:c",
		"Debian",
		"a/B",
		"a//b",
		"/a",
		"a/",
		"a/../b",
		"../a",
		"a/.",
		".a",
		"-a",
		"a-",
		"a_",
		"a___b",
		"a..b",
		"a._b",
		"a b",
		"a\n",
		"a:.x",
		"a:-x",
		"a:x y",
		"a@sha256:12",
		"a@md5:" HEX,
		"a@sha256:" HEX "0",
		"a@SHA256:" HEX,
		HEX,
		"host.com:/x",
		"host.com:x/y",
		"-h.com/x",
		"h..com/x",
		"[::g]/x",
		"[]/x",
		"\xc3\xa9",
	};
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		AUTO(struct reference, reference_done) reference = { 0 };
		struct err err = { 0 };
		if (reference_parse(bad[i], &reference, &err) == 0)
			fail_msg("accepted: %s", bad[i]);
	}
}

static void holds_the_limits(void **state)
{
	(void)state;
	char text[600];
	struct err err = { 0 };
	AUTO(struct reference, reference_done) reference = { 0 };
	/* h.io/ + 250 = 255 */
	int n = snprintf(text, sizeof(text), "h.io/");
	memset(text + n, 'a', 250);
	text[n + 250] = '\0';
	assert_int_equal(reference_parse(text, &reference, &err), 0);
	memcpy(text + n + 250, "a", 2);
	assert_int_equal(reference_parse(text, &reference, &err), -1);
	memcpy(text, "a:", 2);
	memset(text + 2, 't', REFERENCE_TAG_MAX);
	text[2 + REFERENCE_TAG_MAX] = '\0';
	reference_done(&reference);
	assert_int_equal(reference_parse(text, &reference, &err), 0);
	memcpy(text + 2 + REFERENCE_TAG_MAX, "t", 2);
	assert_int_equal(reference_parse(text, &reference, &err), -1);
	memset(text, 'a', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	assert_int_equal(reference_parse(text, &reference, &err), -1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(completes_and_shortens),
		cmocka_unit_test(refuses_bad_names),
		cmocka_unit_test(holds_the_limits),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
