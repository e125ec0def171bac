/* SPDX-License-Identifier: Apache-2.0 */
/* The readers of what registries say: headers, addresses, platforms. */
#include "registry/challenge.h"
#include "registry/header.h"
#include "registry/origin.h"
#include "registry/platform.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void expect_challenge(const char *value, bool has_basic, const char *realm,
			     const char *service)
{
	AUTO(struct challenge, challenge_done) read = { 0 };
	struct err err = { 0 };
	if (challenge_read(value, &read, &err) < 0)
		fail_msg("%s: %s", value, err.text);
	assert_int_equal(read.has_basic, has_basic);
	assert_int_equal(read.has_bearer, realm != NULL);
	if (realm != NULL)
		assert_string_equal(read.realm, realm);
	if (service != NULL)
		assert_string_equal(read.service, service);
}

static void challenges(void **state)
{
	(void)state;
	expect_challenge("Basic realm=\"x\"", true, NULL, NULL);
	expect_challenge("Basic", true, NULL, NULL);
	expect_challenge("Bearer realm=\"https://a/token\",service=\"r\",scope=\"a:b:pull,push\"",
			 false, "https://a/token", "r");
	expect_challenge("bearer REALM = \"q\\\"uote\\\\d\" , Service=r", false, "q\"uote\\d", "r");
	expect_challenge("Negotiate, Basic realm=x, Bearer realm=y", true, "y", NULL);
	expect_challenge("Negotiate abc/d==, Bearer realm=y,service=z", false, "y", "z");
	expect_challenge("Bearer realm=y, Bearer realm=z", false, "y", NULL);
	expect_challenge("", false, NULL, NULL);
}

static void challenges_refused(void **state)
{
	static const char *const bad[] = { "Bearer realm=\"x", "Bearer realm=a,realm=b", "=",
					   "Bearer@", "\"x\"" };
	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		AUTO(struct challenge, challenge_done) read = { 0 };
		assert_int_equal(challenge_read(bad[i], &read, NULL), -1);
	}
}

static void expect_link(const char *value, const char *target)
{
	AUTO_FREE char *found = header_next_link(value);
	if (target == NULL)
		assert_null(found);
	else
		assert_string_equal(found, target);
}

static void links(void **state)
{
	(void)state;
	expect_link("</v2/x?last=b>; rel=\"next\"", "/v2/x?last=b");
	expect_link("<a>; rel=prev, <b>; title=\"; rel=next\"; rel=NEXT", "b");
	expect_link("<a>;rel=\"prev  next\"", "a");
	expect_link("<a>; rel=\"nextone\"", NULL);
	expect_link("<a>; rel=", NULL);
	expect_link("<a; rel=next", NULL);
	expect_link("<a>", NULL);
	expect_link("", NULL);
}

static void ranges(void **state)
{
	uint64_t first, last, total;
	static const char *const bad[] = { "bytes 5-4/10",
					   "bytes 0-10/10",
					   "bytes */10",
					   "0-1/2",
					   "bytes 0-1/18446744073709551616",
					   "bytes 0-1/2x" };
	(void)state;
	assert_true(header_content_range("bytes 5-9/10", &first, &last, &total));
	assert_true(first == 5 && last == 9 && total == 10);
	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		assert_false(header_content_range(bad[i], &first, &last, &total));
}

static void media_types(void **state)
{
	char type[HEADER_MEDIA_TYPE_SIZE], longest[300];
	(void)state;
	header_media_type(" Application/JSON; charset=utf-8", type);
	assert_string_equal(type, "application/json");
	memset(longest, 'x', sizeof(longest) - 1);
	longest[sizeof(longest) - 1] = '\0';
	header_media_type(longest, type);
	assert_string_equal(type, "");
}

static void origins(void **state)
{
	static const char *const bad[] = {
		"ftp://a/",       "https://",         "https://a:0/",     "https://a:65536/",
		"https://a:1x/",  "https://u@a/",     "https://a\\@b/",   "https://a b/",
		"https://a\t/",   "https://[::1/",    "https:///a",       "//a/b",
		"https://a%2e/x", "https://\xc3\xa9", "https://a:80:90/", "",
	};
	struct origin origin, other;
	(void)state;
	assert_int_equal(origin_of("HTTPS://A.Example/x?y", &origin, NULL), 0);
	assert_true(origin.is_https && origin.port == 443);
	assert_string_equal(origin.host, "a.example");
	assert_int_equal(origin_of("https://a.example:443", &other, NULL), 0);
	assert_true(origin_equal(&origin, &other));
	assert_int_equal(origin_of("http://a.example:443", &other, NULL), 0);
	assert_false(origin_equal(&origin, &other));
	assert_int_equal(origin_of("http://[::1]:5000/v2/", &origin, NULL), 0);
	assert_string_equal(origin.host, "[::1]");
	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		if (origin_of(bad[i], &origin, NULL) == 0)
			fail_msg("\"%s\" passes", bad[i]);
}

static bool may(const char *registry, const char *realm)
{
	struct origin a, b;
	assert_int_equal(origin_of(registry, &a, NULL), 0);
	assert_int_equal(origin_of(realm, &b, NULL), 0);
	return origin_may_have_credentials(&a, &b);
}

static void neighbours(void **state)
{
	(void)state;
	assert_true(may("https://registry.example.com", "https://auth.example.com/token"));
	assert_true(may("https://registry.example.com:5000", "https://example.com"));
	assert_true(may("https://a.example.co.uk", "https://b.example.co.uk"));
	assert_true(may("http://127.0.0.1:5000", "http://127.0.0.1:5001"));
	assert_true(may("http://localhost:5000", "https://localhost"));
	assert_false(may("https://registry.example.com", "https://example.org"));
	assert_false(may("https://registry.example.com", "https://notexample.com"));
	assert_false(may("https://a.co.uk", "https://b.co.uk"));
	assert_false(may("https://registry.example.com", "http://registry.example.com"));
	assert_false(may("http://a.example.com", "http://b.example.com"));
	assert_false(may("https://10.0.0.1", "https://9.0.0.1"));
	assert_false(may("https://com", "https://example.com"));
}

static unsigned fits(const char *wanted_arch, const char *wanted_variant, const char *arch,
		     const char *variant)
{
	struct platform wanted, offered;
	platform_set(&wanted, "linux", wanted_arch, wanted_variant);
	platform_set(&offered, "linux", arch, variant);
	return platform_fits(&wanted, &offered);
}

static void platforms(void **state)
{
	struct platform platform;
	char text[PLATFORM_TEXT_SIZE];
	(void)state;
	assert_true(fits("amd64", "", "x86_64", NULL) > 0);
	assert_true(fits("amd64", "", "amd64", "v1") > 0);
	assert_true(fits("amd64", "v3", "amd64", "v2") > fits("amd64", "v3", "amd64", ""));
	assert_true(fits("arm64", "", "arm64", "v8") > 0 && fits("aarch64", "v8", "arm64", "") > 0);
	assert_true(fits("arm", "v7", "arm", "v6") > fits("arm", "v7", "arm", "v5"));
	assert_true(fits("arm", "", "arm", "v7") > fits("arm", "", "arm", "v6"));
	assert_true(fits("", "", "s390x", "") > 0);
	assert_int_equal(fits("amd64", "", "amd64", "v2"), 0);
	assert_int_equal(fits("arm", "v6", "arm", "v7"), 0);
	assert_int_equal(fits("arm", "v7", "arm64", "v8"), 0);
	platform_set(&platform, "linux", "armhf", "");
	platform_format(&platform, text);
	assert_string_equal(text, "linux/arm/v7");
	platform_set(&platform, "linux", "amd64", "");
	platform_format(&platform, text);
	assert_string_equal(text, "linux/amd64");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(challenges),  cmocka_unit_test(challenges_refused),
		cmocka_unit_test(links),       cmocka_unit_test(ranges),
		cmocka_unit_test(media_types), cmocka_unit_test(origins),
		cmocka_unit_test(neighbours),  cmocka_unit_test(platforms),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
