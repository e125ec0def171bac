/* SPDX-License-Identifier: Apache-2.0 */
#include "base/mem.h"
#include "engine/registries/auth_file.h"
#include "engine/registries/credentials.h"
#include "engine/registries/keeper.h"
#include "engine/registries/server.h"
#include "engine/registries/settings.h"
#include "engine/registries/target.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

static void names_have_one_spelling(void **state)
{
	(void)state;
	static const char *const rows[][2] = {
		{ "docker.io", "docker.io" },
		{ "https://index.docker.io/v1/", "docker.io" },
		{ "index.docker.io", "docker.io" },
		{ "registry-1.docker.io", "docker.io" },
		{ "docker.io/library/debian", "docker.io/library/debian" },
		{ "index.docker.io/library", "docker.io/library" },
		{ "https://r.example:5000/v2/", "r.example:5000" },
		{ "http://r.example/some/where", "r.example" },
		{ "r.example/v2/", "r.example" },
		{ "r.example/v1/", "r.example" },
		{ "r.example/", "r.example" },
		{ "r.example/team/app", "r.example/team/app" },
		{ "localhost:5000", "localhost:5000" },
		{ "[::1]:5000", "[::1]:5000" },
	};
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		AUTO_FREE char *meaning = server_name_of_key(rows[i][0]);
		AUTO_FREE char *name = server_name_parse(rows[i][0], NULL);
		assert_string_equal(meaning, rows[i][1]);
		assert_non_null(name);
		assert_string_equal(name, rows[i][1]);
	}
	static const char *const bad[] = { "",          "/",          "debian",     "me/app",
					   "a b.c",     "../x",       "..",         "r.ex/A",
					   "r.ex/../x", "r.ex:port",  "r.ex:",      "-r.ex",
					   "@r.ex",     "r.ex/a:tag", "ftp://r.ex", "r.ex//a",
					   "u:p@r.ex" };
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		struct err err = { 0 };
		if (server_name_parse(bad[i], &err) != NULL)
			fail_msg("taken: %s", bad[i]);
		assert_int_equal(err.kind, ERR_INVALID);
	}
}

static void names_lie_in_names(void **state)
{
	(void)state;
	static const struct {
		const char *name, *prefix;
		bool is_within;
	} rows[] = {
		{ "r.example/a/b", "r.example", true },
		{ "r.example/a/b", "r.example/a", true },
		{ "r.example/a/b", "r.example/a/b", true },
		{ "R.Example/a", "r.example", true },
		{ "r.example/ab", "r.example/a", false },
		{ "r.example/a", "r.example/A", false },
		{ "r.example:5000/a", "r.example", false },
		{ "r.example", "r.example/a", false },
		{ "r.example.evil/a", "r.example", false },
		{ "r.example/a", "*.example", true },
		{ "r.example:5000/a", "*.example", true },
		{ "example/a", "*.example", false },
		{ "rexample/a", "*.example", false },
		{ "x/r.example", "*.example", false },
	};
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		if (server_is_within(rows[i].name, rows[i].prefix) != rows[i].is_within)
			fail_msg("%s in %s", rows[i].name, rows[i].prefix);
	AUTO(struct strv, strv_done) above = { 0 };
	server_names_above("r.example:5000/a/b", &above);
	assert_int_equal(above.len, 3);
	assert_string_equal(above.items[0], "r.example:5000/a/b");
	assert_string_equal(above.items[1], "r.example:5000/a");
	assert_string_equal(above.items[2], "r.example:5000");
}

static void addresses_lie_in_ranges(void **state)
{
	(void)state;
	static const struct {
		const char *host, *range;
		bool is_within;
	} rows[] = {
		{ "10.1.2.3:5000", "10.1.0.0/16", true }, { "10.2.2.3", "10.1.0.0/16", false },
		{ "10.1.2.3", "0.0.0.0/0", true },        { "10.1.2.3", "10.1.2.3/32", true },
		{ "10.1.2.2", "10.1.2.3/32", false },     { "10.1.255.3", "10.1.128.0/17", true },
		{ "10.1.127.3", "10.1.128.0/17", false }, { "r.example", "0.0.0.0/0", false },
		{ "[fd00::1]:5", "fd00::/8", true },      { "[fe80::1]", "fd00::/8", false },
		{ "[::1]", "0.0.0.0/0", false },
	};
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct server_range range;
		assert_true(server_range_parse(rows[i].range, &range));
		if (server_is_in_range(rows[i].host, &range) != rows[i].is_within)
			fail_msg("%s in %s", rows[i].host, rows[i].range);
	}
	static const char *const bad[] = { "10.1.0.0", "10.1.0.0/33", "10.1.0/8", "::1/129",
					   "/8",       "r.example/8", "1.2.3.4/", "1.2.3.4/-1" };
	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		assert_false(server_range_parse(bad[i], &(struct server_range){ 0 }));
	static const char *const here[] = { "localhost", "localhost:5000", "LOCALHOST:1",
					    "127.0.0.1", "127.9.8.7:5",    "[::1]:5000" };
	for (size_t i = 0; i < ARRAY_LEN(here); i++)
		assert_true(server_is_loopback(here[i]));
	static const char *const there[] = { "localhost.example", "128.0.0.1",
					     "127.0.0.1.example", "[::2]:5",
					     "notlocalhost:5",    "r.example" };
	for (size_t i = 0; i < ARRAY_LEN(there); i++)
		assert_false(server_is_loopback(there[i]));
}

static void settings_say_who_is_what(void **state)
{
	(void)state;
	static const char text[] =
		"{\"insecure-registries\": [\"r.lan:5000\", \"*.test.lan\", \"10.0.0.0/8\"],"
		" \"blocked-registries\": [\"bad.example\", \"half.example/evil\"],"
		" \"registry-mirrors\": {\"docker.io\": [\"http://m.lan/hub/\", \"https://n.lan\"],"
		"  \"docker.io/library\": [\"o.lan:5000\"]}}";
	struct settings settings = { .len = 1 };
	struct err err = { 0 };
	if (settings_parse(text, sizeof(text) - 1, "f.json", &settings.files[0], &err) < 0)
		fail_msg("%s", err.text);
	assert_true(settings_is_insecure(&settings, "r.lan:5000"));
	assert_true(settings_is_insecure(&settings, "a.test.lan:1"));
	assert_true(settings_is_insecure(&settings, "10.3.4.5:1"));
	assert_false(settings_is_insecure(&settings, "r.lan"));
	assert_false(settings_is_insecure(&settings, "r.lan:5001"));
	assert_string_equal(settings_blocked_by(&settings, "bad.example/x"), "f.json");
	assert_string_equal(settings_blocked_by(&settings, "half.example/evil/x"), "f.json");
	assert_null(settings_blocked_by(&settings, "half.example/good"));
	const struct strv *mirrors = settings_mirrors_of(&settings, "docker.io/me/app");
	assert_int_equal(mirrors->len, 2);
	struct settings_location location;
	assert_int_equal(settings_location_parse(mirrors->items[0], &location, &err), 0);
	assert_string_equal(location.host, "m.lan");
	assert_string_equal(location.prefix, "hub");
	assert_true(location.is_plain_http);
	settings_location_done(&location);
	mirrors = settings_mirrors_of(&settings, "docker.io/library/debian");
	assert_string_equal(mirrors->items[0], "o.lan:5000");
	assert_null(settings_mirrors_of(&settings, "r.lan/x"));
	settings_done(&settings);
}

static void settings_refuse_mistakes(void **state)
{
	(void)state;
	static const char *const rows[][2] = {
		{ "[]", "f.json: it is not an object" },
		{ "{\"insecure_registries\": []}", "f.json: unknown key insecure_registries" },
		{ "{\"insecure-registries\": \"r.lan\"}", "insecure-registries" },
		{ "{\"insecure-registries\": [\"r.lan\", \"r.lan/x\"]}", "insecure-registries[1]" },
		{ "{\"insecure-registries\": [\"*\"]}", "insecure-registries[0]" },
		{ "{\"insecure-registries\": [\"*.*.lan\"]}", "insecure-registries[0]" },
		{ "{\"registry-mirrors\": [\"ftp://m.lan\"]}", "registry-mirrors[0]" },
		{ "{\"registry-mirrors\": {\"m\": []}}", "registry-mirrors.m" },
		{ "{\"registry-mirrors\": {\"m.lan\": [1]}}", "registry-mirrors.m.lan" },
		{ "{\"registry-mirrors\": [\"a.b\",\"a.b\",\"a.b\",\"a.b\",\"a.b\",\"a.b\",\"a.b\","
		  "\"a.b\"]}",
		  "more than 7 mirrors" },
	};
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct settings_file file;
		struct err err = { 0 };
		if (settings_parse(rows[i][0], strlen(rows[i][0]), "f.json", &file, &err) == 0)
			fail_msg("taken: %s", rows[i][0]);
		assert_int_equal(err.kind, ERR_INVALID);
		if (strstr(err.text, rows[i][1]) == NULL)
			fail_msg("%s: %s", rows[i][0], err.text);
	}
}

static struct auth_file parse(const char *text)
{
	struct auth_file file;
	struct err err = { 0 };
	if (auth_file_parse(text, strlen(text), "auth.json", &file, &err) < 0)
		fail_msg("%s", err.text);
	return file;
}

static void auth_files_are_read(void **state)
{
	(void)state;
	struct auth_file file = parse(
		"{\"auths\": {\"https://index.docker.io/v1/\": {\"auth\": \"bWU6c2U6Y3JldA==\"},"
		" \"http://old.example/v1/\": {\"username\": \"a\", \"password\": \"b\"},"
		" \"tok.example\": {\"auth\": \"bWU6\", \"identitytoken\": \"TTT\"},"
		" \"empty.example\": {}, \"null.example\": null, \"reg.example\": "
		"{\"registrytoken\":\"x\"},"
		" \"bad.example\": {\"auth\": \"!!\"}, \"nocolon.example\": {\"auth\": \"bWU=\"}},"
		" \"credHelpers\": {\"h.example\": \"pass\", \"h.example/team\": \"other\"},"
		" \"HttpHeaders\": {\"X\": \"y\"}}");
	struct registry_credentials found = { 0 };
	struct err err = { 0 };
	const char *server;
	assert_int_equal(auth_file_get(&file, "docker.io", &found, &err), 1);
	assert_string_equal(found.username, "me");
	assert_string_equal(found.secret, "se:cret");
	registry_credentials_done(&found);
	assert_int_equal(auth_file_get(&file, "old.example", &found, &err), 1);
	assert_string_equal(found.secret, "b");
	registry_credentials_done(&found);
	assert_int_equal(auth_file_get(&file, "tok.example", &found, &err), 1);
	assert_string_equal(found.identity_token, "TTT");
	registry_credentials_done(&found);
	assert_int_equal(auth_file_get(&file, "empty.example", &found, &err), 0);
	assert_int_equal(auth_file_get(&file, "null.example", &found, &err), 0);
	assert_int_equal(auth_file_get(&file, "none.example", &found, &err), 0);
	assert_int_equal(auth_file_get(&file, "bad.example", &found, &err), -1);
	assert_non_null(strstr(err.text, "bad.example.auth"));
	assert_null(strstr(err.text, "!!"));
	assert_int_equal(auth_file_get(&file, "nocolon.example", &found, &err), -1);
	assert_int_equal(auth_file_get(&file, "reg.example", &found, &err), -1);
	assert_int_equal(err.kind, ERR_UNSUPPORTED);
	assert_string_equal(auth_file_keeper(&file, "h.example", true, &server), "pass");
	assert_string_equal(auth_file_keeper(&file, "h.example/team", false, &server), "other");
	assert_null(auth_file_keeper(&file, "docker.io", true, &server));
	auth_file_done(&file);
	file = parse("{\"credsStore\": \"desk\"}");
	assert_string_equal(auth_file_keeper(&file, "docker.io", true, &server), "desk");
	assert_string_equal(server, "https://index.docker.io/v1/");
	assert_null(auth_file_keeper(&file, "r.example/team", false, &server));
	auth_file_done(&file);
}

static void auth_files_are_changed(void **state)
{
	(void)state;
	struct auth_file file = parse(
		"{\"auths\": {\"https://r.example/v1/\": {\"auth\": \"eDp5\"},"
		" \"r.example\": {}}, \"detachKeys\": \"ctrl-a\"}");
	char me[] = "me", secret[] = "s:/\xc3\xa4";
	const struct registry_credentials credentials = { .username = me, .secret = secret };
	struct registry_credentials found = { 0 };
	auth_file_set(&file, "r.example", &credentials);
	auth_file_set(&file, "docker.io", &credentials);
	auth_file_set(&file, "r.example/team", NULL);
	assert_int_equal(auth_file_get(&file, "r.example", &found, NULL), 1);
	assert_string_equal(found.secret, secret);
	registry_credentials_done(&found);
	AUTO(struct strv, strv_done) names = { 0 };
	auth_file_names(&file, &names);
	assert_int_equal(names.len, 3);
	assert_true(auth_file_remove(&file, "r.example"));
	assert_false(auth_file_remove(&file, "r.example"));
	assert_true(auth_file_has(&file, "r.example/team"));
	assert_true(auth_file_has(&file, "docker.io"));
	auth_file_done(&file);
}

static void auth_files_may_be_no_such_thing(void **state)
{
	(void)state;
	static const char *const bad[] = { "[]",
					   "1",
					   "{\"auths\": []}",
					   "{\"credHelpers\": \"x\"}",
					   "{\"credsStore\": {}}",
					   "{\"auths\": {\"a\": 1,}}",
					   "{" };
	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		struct auth_file file;
		struct err err = { 0 };
		if (auth_file_parse(bad[i], strlen(bad[i]), "auth.json", &file, &err) == 0)
			fail_msg("taken: %s", bad[i]);
		assert_int_equal(err.kind, ERR_INVALID);
		assert_non_null(strstr(err.text, "auth.json"));
	}
}

static void answers_of_keepers(void **state)
{
	(void)state;
	struct registry_credentials found = { 0 };
	static const char good[] = "{\"ServerURL\":\"r\",\"Username\":\"me\",\"Secret\":\"s\"}";
	static const char token[] = "{\"Username\":\"<token>\",\"Secret\":\"T\"}";
	assert_int_equal(keeper_parse(good, strlen(good), &found, NULL), 0);
	assert_string_equal(found.secret, "s");
	registry_credentials_done(&found);
	assert_int_equal(keeper_parse(token, strlen(token), &found, NULL), 0);
	assert_string_equal(found.identity_token, "T");
	assert_null(found.username);
	registry_credentials_done(&found);
	static const char *const bad[] = { "",
					   "x",
					   "{}",
					   "{\"Username\":\"me\"}",
					   "{\"Username\":\"m:e\",\"Secret\":\"s\"}",
					   "{\"Username\":\"me\",\"Secret\":\"s\\nX: y\"}" };
	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		assert_int_equal(keeper_parse(bad[i], strlen(bad[i]), &found, NULL), -1);
	assert_int_equal(keeper_get("../x", "r", &found, NULL), -1);
}

/* A directory of our own stands for the machine's and the user's. */
static char bed[] = "/tmp/onggi-test-registries.XXXXXX";

static int bed_new(void **state)
{
	(void)state;
	memset(bed + strlen(bed) - 6, 'X', 6);
	assert_non_null(mkdtemp(bed));
	setenv("ONGGI_CONFIG_DIR", bed, 1);
	setenv("DOCKER_CONFIG", bed, 1);
	setenv("XDG_RUNTIME_DIR", bed, 1);
	setenv("XDG_CONFIG_HOME", bed, 1);
	unsetenv("REGISTRY_AUTH_FILE");
	return 0;
}

static void bed_write(const char *name, const char *text)
{
	AUTO_FREE char *path = mem_printf("%s/%s", bed, name);
	for (char *slash = path + sizeof(bed); (slash = strchr(slash, '/')) != NULL;
	     *slash++ = '/') {
		*slash = '\0';
		mkdir(path, 0700);
	}
	FILE *file = fopen(path, "we");
	assert_non_null(file);
	fputs(text, file);
	fclose(file);
}

static int bed_delete(void **state)
{
	(void)state;
	static const char *const names[] = { "registries.json",
					     "config.json",
					     "certs.d/127.0.0.1:5000/ca.crt",
					     "certs.d/127.0.0.1:5000",
					     "certs.d/r.lan/me.cert",
					     "certs.d/r.lan/me.key",
					     "certs.d/r.lan",
					     "certs.d",
					     "containers/auth.json",
					     "containers",
					     "." };
	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		AUTO_FREE char *path = mem_printf("%s/%s", bed, names[i]);
		if (unlink(path) < 0)
			rmdir(i + 1 < ARRAY_LEN(names) ? path : bed);
	}
	return 0;
}

/* "s" https, "i" https without verification, "p" plain http; "@" with credentials */
static void expect(const char *image, struct registries_options options, const char *expected)
{
	AUTO(struct reference, reference_done) reference = { 0 };
	AUTO(struct registries_choice, registries_choice_done) choice = { 0 };
	AUTO(struct buf, buf_done) got = { 0 };
	struct err err = { 0 };
	assert_int_equal(reference_parse(image, &reference, &err), 0);
	if (registries_target(&reference, &options, &choice, &err) < 0)
		fail_msg("%s: %s", image, err.text);
	assert_string_equal(choice.target.repository, reference.path);
	for (size_t i = 0; i < choice.target.endpoints_len; i++) {
		const struct registry_endpoint *endpoint = &choice.target.endpoints[i];
		const char *how = endpoint->is_plain_http  ? "p"
				  : endpoint->skips_verify ? "i"
							   : "s";
		buf_addf(&got, "%s%s:%s", i > 0 ? " " : "", how, endpoint->host);
		if (endpoint->prefix[0] != '\0')
			buf_addf(&got, "/%s", endpoint->prefix);
		if (endpoint->credentials != NULL)
			buf_addf(&got, "@%s", endpoint->credentials->username);
	}
	assert_string_equal(buf_str(&got), expected);
}

static void chooses_whom_to_ask(void **state)
{
	(void)state;
	const struct registries_options plain = { 0 }, push = { .can_push = true };
	const struct registries_options always = { .tls = REGISTRIES_TLS_VERIFIED };
	const struct registries_options never = { .tls = REGISTRIES_TLS_UNVERIFIED };
	expect("debian", plain, "s:registry-1.docker.io");
	expect("r.lan/x", never, "i:r.lan p:r.lan");
	expect("127.0.0.1:5000/x", plain, "i:127.0.0.1:5000 p:127.0.0.1:5000");
	expect("127.0.0.1:5000/x", always, "s:127.0.0.1:5000");
	bed_write("certs.d/127.0.0.1:5000/ca.crt", "CA");
	expect("127.0.0.1:5000/x", plain, "s:127.0.0.1:5000");
	bed_write("registries.json",
		  "{\"insecure-registries\": [\"i.lan\"], \"blocked-registries\": [\"b.lan\"],"
		  " \"registry-mirrors\": {\"docker.io\": [\"http://m.lan/hub\", \"i.lan\"]}}");
	bed_write("config.json", "{\"auths\": {\"m.lan\": {\"auth\": \"bTp4\"},"
				 " \"r.lan\": {\"auth\": \"cjp4\"},"
				 " \"r.lan/team\": {\"auth\": \"dDp4\"}}}");
	expect("debian", plain, "p:m.lan/hub@m i:i.lan p:i.lan s:registry-1.docker.io");
	expect("debian", always, "s:i.lan s:registry-1.docker.io");
	expect("debian", push, "s:registry-1.docker.io");
	expect("i.lan/x", plain, "i:i.lan p:i.lan");
	expect("r.lan/x", plain, "s:r.lan@r");
	expect("r.lan/team/x", plain, "s:r.lan@t");
	expect("r.lan/teams/x", plain, "s:r.lan@r");
	/* The first file that has any. */
	bed_write("containers/auth.json", "{\"auths\": {\"r.lan\": {\"auth\": \"Yzp4\"}}}");
	expect("r.lan/team/x", plain, "s:r.lan@c");
	AUTO(struct reference, reference_done) reference = { 0 };
	struct registries_choice choice;
	struct err err = { 0 };
	assert_int_equal(reference_parse("b.lan/x", &reference, &err), 0);
	assert_int_equal(registries_target(&reference, &plain, &choice, &err), -1);
	assert_int_equal(err.kind, ERR_DENIED);
	/* A certificate of ours needs its key. */
	bed_write("certs.d/r.lan/me.cert", "CERT");
	reference_done(&reference);
	assert_int_equal(reference_parse("r.lan/x", &reference, &err), 0);
	assert_int_equal(registries_target(&reference, &plain, &choice, &err), -1);
	assert_non_null(strstr(err.text, "me.key is missing"));
	bed_write("certs.d/r.lan/me.key", "KEY");
	assert_int_equal(registries_target(&reference, &plain, &choice, &err), 0);
	assert_string_equal(choice.target.endpoints[0].key_pem, "KEY");
	registries_choice_done(&choice);
}

static void keeps_and_forgets(void **state)
{
	(void)state;
	AUTO_FREE char *path = mem_printf("%s/config.json", bed);
	AUTO_FREE char *where = NULL;
	AUTO(struct strv, strv_done) forgotten = { 0 };
	char me[] = "me", secret[] = "pass";
	const struct registry_credentials credentials = { .username = me, .secret = secret };
	struct registry_credentials found = { 0 };
	struct stat st;
	struct err err = { 0 };
	bed_write("config.json", "{\"psFormat\": \"table\", \"auths\": {}}");
	chmod(path, 0644);
	if (credentials_keep("k.lan", NULL, &credentials, &where, &err) < 0)
		fail_msg("%s", err.text);
	assert_string_equal(where, path);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0600);
	assert_int_equal(credentials_find("k.lan/any", NULL, &found, &err), 1);
	assert_string_equal(found.secret, "pass");
	registry_credentials_done(&found);
	assert_int_equal(credentials_forget("k.lan", NULL, &forgotten, &err), 0);
	assert_int_equal(forgotten.len, 1);
	assert_int_equal(credentials_find("k.lan/any", NULL, &found, &err), 0);
	char text[200] = { 0 };
	FILE *file = fopen(path, "re");
	assert_non_null(file);
	(void)!fread(text, 1, sizeof(text) - 1, file);
	fclose(file);
	assert_non_null(strstr(text, "\"psFormat\": \"table\""));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_have_one_spelling),
		cmocka_unit_test(names_lie_in_names),
		cmocka_unit_test(addresses_lie_in_ranges),
		cmocka_unit_test(settings_say_who_is_what),
		cmocka_unit_test(settings_refuse_mistakes),
		cmocka_unit_test(auth_files_are_read),
		cmocka_unit_test(auth_files_are_changed),
		cmocka_unit_test(auth_files_may_be_no_such_thing),
		cmocka_unit_test(answers_of_keepers),
		cmocka_unit_test_setup_teardown(chooses_whom_to_ask, bed_new, bed_delete),
		cmocka_unit_test_setup_teardown(keeps_and_forgets, bed_new, bed_delete),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
