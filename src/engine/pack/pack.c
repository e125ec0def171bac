/* SPDX-License-Identifier: Apache-2.0 */

/*
 * pack, from command line to image: collect the files (program.c, libs.c, trace.c),
 * then send them as a tar archive through a pipe to the import, as any root file system from
 * outside. A child process writes the archive: neither side holds it whole.
 */
#include "engine/pack.h"

#include "base/buf.h"
#include "base/clock.h"
#include "base/mem.h"
#include "base/warn.h"
#include "engine/exec_diagnosis.h"
#include "engine/feed.h"
#include "engine/load.h"
#include "engine/pack/program.h"
#include "engine/pack/trace.h"
#include "sys/fd.h"
#include "sys/process.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct pack {
	const struct pack_options *options;
	struct pack_tree tree;
	struct pack_libs libs;
	struct pack_programs programs;
	char *first_program;
	int trace_status;
};

static void pack_done(struct pack *pack)
{
	pack_programs_done(&pack->programs);
	pack_libs_done(&pack->libs);
	pack_tree_done(&pack->tree);
	free(pack->first_program);
}

void pack_result_done(struct pack_result *result)
{
	for (size_t i = 0; i < result->reasons_len; i++) {
		free(result->reasons[i].path);
		free(result->reasons[i].needed_by);
		strv_done(&result->reasons[i].also_needed_by);
	}
	free(result->reasons);
	memset(result, 0, sizeof(*result));
}

static int add_programs(struct pack *pack, struct err *err)
{
	const struct pack_why why = { "program", PACK_COMMAND_LINE };
	const struct strv *names = pack->options->programs;
	for (size_t i = 0; i < names->len; i++) {
		AUTO_FREE char *path = pack_program_locate(&pack->programs, names->items[i], err);
		if (path == NULL || pack_program_add(&pack->programs, path, &why, err) < 0)
			return -1;
		pack_program_note_directory(&pack->programs, path);
		if (pack->first_program == NULL)
			pack->first_program = ptr_take(&path);
	}
	return 0;
}

/* Not what belongs to the running machine, and not the host's loader cache: the image gets a cache
 * of its own. */
static bool is_wanted(const struct pack_traced *file)
{
	static const char *const unwanted[] = { "/proc/", "/sys/", "/dev/", PACK_LDCACHE_PATH };
	struct stat st;
	for (size_t i = 0; i < ARRAY_LEN(unwanted); i++)
		if (strncmp(file->path, unwanted[i], strlen(unwanted[i])) == 0)
			return false;
	if (stat(file->path, &st) < 0)
		return false;
	return S_ISREG(st.st_mode) || (S_ISDIR(st.st_mode) && file->use == PACK_OPENED);
}

static int add_used(struct pack *pack, const struct pack_traced *file, bool is_first,
		    struct err *err)
{
	static const char *const kinds[] = {
		[PACK_EXAMINED] = "examined", [PACK_OPENED] = "opened", [PACK_EXECUTED] = "executed"
	};
	const struct pack_why why = { kinds[file->use], is_first ? PACK_COMMAND_LINE : file->by };
	if (file->use == PACK_EXECUTED)
		return pack_program_add(&pack->programs, file->path, &why, err);
	return pack_tree_add(&pack->tree, file->path, &why, err) != NULL ? 0 : -1;
}

static int add_traced(struct pack *pack, struct err *err)
{
	const struct strv *command = pack->options->trace_command;
	AUTO(struct pack_trace, pack_trace_done) trace = { 0 };
	if (command == NULL || command->len == 0)
		return 0;
	AUTO_FREE char *path = pack_program_locate(&pack->programs, command->items[0], err);
	if (path == NULL || pack_trace_run(path, command->items, &trace, err) < 0)
		return err_context(err, "trace");
	pack->trace_status = trace.exit_code;
	for (size_t i = 0; i < trace.len; i++)
		if (is_wanted(&trace.files[i]) && add_used(pack, &trace.files[i], i == 0, err) < 0)
			return err_context(err, "trace");
	return 0;
}

/* HOST[:CONTAINER]; relative host paths count from the current directory. */
static int add_extra(struct pack *pack, const char *argument, bool is_renamed, struct err *err)
{
	const struct pack_why why = { "added", PACK_COMMAND_LINE };
	const char *colon = strchr(argument, ':');
	AUTO_FREE char *host = mem_strndup(argument, colon != NULL ? (size_t)(colon - argument)
								   : strlen(argument));
	if ((colon != NULL) != is_renamed)
		return 0;
	if (*host == '\0' || (colon != NULL && colon[1] != '/'))
		return err_set(err, ERR_INVALID,
			       "--add %s: HOST[:CONTAINER] with a full path inside is expected",
			       argument);
	/* The prefix makes a name without a slash a path. */
	AUTO_FREE char *dotted = mem_printf("%s%s", host[0] == '/' ? "" : "./", host);
	AUTO_FREE char *path = pack_program_locate(&pack->programs, dotted, err);
	if (path == NULL ||
	    pack_tree_add_all(&pack->tree, path, colon != NULL ? colon + 1 : NULL, &why, err) < 0)
		return err_context(err, "--add %s", argument);
	return 0;
}

/* Renamed ones last: their directories may be symlinks that others brought (/bin -> usr/bin). */
static int add_extras(struct pack *pack, struct err *err)
{
	const struct strv *extra = pack->options->extra_files;
	for (int is_renamed = 0; is_renamed <= 1 && extra != NULL; is_renamed++)
		for (size_t i = 0; i < extra->len; i++)
			if (add_extra(pack, extra->items[i], is_renamed, err) < 0)
				return -1;
	return 0;
}

/* Plugins and traced libraries bring what they need. The tree grows meanwhile. */
static int add_closures(struct pack *pack, struct err *err)
{
	for (size_t i = 0; i < pack->tree.len; i++) {
		const struct pack_entry *entry = pack->tree.entries[i];
		if (entry->kind == NULL || entry->host_path == NULL ||
		    (strcmp(entry->kind, "added") != 0 && strcmp(entry->kind, "opened") != 0))
			continue;
		if (pack_program_add_closure(&pack->programs, entry, err) < 0)
			return -1;
	}
	return 0;
}

/* Where the host's /bin is a symlink to usr/bin, people and scripts use both names: the image has
 * them for the directories it has. */
static int add_merged_directories(struct pack *pack, struct err *err)
{
	static const char *const names[] = { "/bin", "/lib", "/lib32", "/lib64", "/sbin" };
	const struct pack_why why = { NULL, PACK_COMMAND_LINE };
	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		struct stat st;
		AUTO_FREE char *usr_path = mem_printf("/usr%s", names[i]);
		AUTO_FREE char *real_path = realpath(names[i], NULL);
		if (real_path != NULL && strcmp(real_path, usr_path) == 0 &&
		    lstat(names[i], &st) == 0 && S_ISLNK(st.st_mode) &&
		    pack_tree_find(&pack->tree, usr_path) != NULL &&
		    pack_tree_find(&pack->tree, names[i]) == NULL &&
		    pack_tree_add(&pack->tree, names[i], &why, err) == NULL)
			return -1;
	}
	return 0;
}

static int collect(struct pack *pack, struct err *err)
{
	if (add_programs(pack, err) < 0 || add_traced(pack, err) < 0 ||
	    add_merged_directories(pack, err) < 0 || add_extras(pack, err) < 0 ||
	    add_closures(pack, err) < 0)
		return -1;
	return pack_libs_add_cache(&pack->libs, err);
}

/* The default PATH, and behind it the directories of programs that are found by name. */
static char *make_path(const struct pack *pack)
{
	AUTO(struct strv, strv_done) usual = { 0 };
	AUTO(struct buf, buf_done) text = { 0 };
	strv_split(&usual, EXEC_PATH_DEFAULT, ':');
	buf_addf(&text, "PATH=%s", EXEC_PATH_DEFAULT);
	for (size_t i = 0; i < pack->programs.directories.len; i++) {
		const char *dir = pack->programs.directories.items[i];
		if (*dir != '\0' && strv_find(&usual, dir) < 0)
			buf_addf(&text, ":%s", dir);
	}
	return buf_take(&text);
}

static void make_config(const struct pack *pack, struct image_config *config)
{
	const struct pack_options *options = pack->options;
	char created[CLOCK_RFC3339_SIZE];
	AUTO(struct buf, buf_done) history = { 0 };
	clock_format_rfc3339(options->mtime_s * UINT64_C(1000000000), created);
	config->created = mem_strdup(created);
	config->os = mem_strdup("linux");
	config->architecture = mem_strdup(pack->programs.goarch != NULL ? pack->programs.goarch
									: "amd64");
	strv_add_take(&config->env, make_path(pack));
	if (options->entrypoint != NULL && options->entrypoint->len > 0)
		strv_add_all(&config->entrypoint, options->entrypoint);
	else
		strv_add(&config->entrypoint, pack->first_program);
	buf_add_str(&history, "onggi pack");
	for (size_t i = 0; i < options->programs->len; i++) {
		buf_add_char(&history, ' ');
		buf_add_shell_word(&history, options->programs->items[i]);
	}
	image_config_add_step(config, created, buf_str(&history), NULL);
}

static int write_tree(void *arg, int fd, struct err *err)
{
	const struct pack *pack = arg;
	return pack_tree_write(&pack->tree, fd, pack->options->mtime_s, err);
}

static int store_image(struct engine *engine, struct pack *pack, char out_id[65], struct err *err)
{
	AUTO(struct image_config, image_config_done) config = { 0 };
	struct feed feed;
	make_config(pack, &config);
	if (feed_start(&feed, write_tree, pack, err) < 0)
		return -1;
	int result = engine_import(engine, feed.read_fd, &config, pack->options->name, out_id, err);
	return feed_end(&feed, result, err);
}

static void fill_reasons(const struct pack *pack, struct pack_result *out)
{
	out->reasons = mem_alloc(pack->tree.len + 1, sizeof(*out->reasons));
	for (size_t i = 0; i < pack->tree.len; i++) {
		const struct pack_entry *entry = pack->tree.entries[i];
		out->size_bytes += S_ISREG(entry->mode) ? entry->size_bytes : 0;
		if (entry->kind == NULL)
			continue;
		struct pack_reason *reason = &out->reasons[out->reasons_len++];
		reason->path = mem_strdup(entry->path);
		reason->needed_by = mem_strdup(entry->needed_by);
		reason->kind = entry->kind;
		reason->size_bytes = S_ISREG(entry->mode) ? entry->size_bytes : 0;
		strv_add_all(&reason->also_needed_by, &entry->also_needed_by);
	}
}

int engine_pack(struct engine *engine, const struct pack_options *options, struct pack_result *out,
		struct err *err)
{
	AUTO(struct pack, pack_done) pack = { .options = options };
	char id[65] = "";
	if (options->programs->len == 0)
		return err_set(err, ERR_INVALID, "pack: name at least one program");
	pack_libs_init(&pack.libs, &pack.tree);
	pack.programs = (struct pack_programs){
		.tree = &pack.tree,
		.libs = &pack.libs,
		.search_path = options->search_path != NULL ? options->search_path
							    : EXEC_PATH_DEFAULT,
	};
	if (collect(&pack, err) < 0)
		return err_context(err, "pack");
	if (options->name != NULL && store_image(engine, &pack, id, err) < 0)
		return err_context(err, "pack");
	*out = (struct pack_result){ .trace_status = pack.trace_status };
	memcpy(out->id, id, sizeof(id));
	fill_reasons(&pack, out);
	return 0;
}
