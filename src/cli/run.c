/* SPDX-License-Identifier: Apache-2.0 */
/* onggi run: parse, run, and leave with the container's exit status. */
#include "base/mem.h"
#include "base/warn.h"
#include "cli/output.h"
#include "cli/pull.h"
#include "cli/run_input.h"
#include "cli/verb.h"
#include "format/reference.h"
#include "sys/fd.h"

#include <unistd.h>

static void say_out_of_memory(const struct run_options *options)
{
	const struct cgroup_value *limit = &options->limits.memory.limit_bytes;
	if (limit->is_set)
		warn_say("out of memory: the kernel killed a process of the container at its limit "
			 "of %lld bytes",
			 (long long)limit->value);
	else
		warn_say("out of memory: the kernel killed a process of the container");
}

static int pull(struct engine *engine, const struct run_input *input, struct err *err)
{
	const struct cli_pull options = { .is_quiet = input->is_quiet, .out_fd = STDERR_FILENO };
	return cli_pull(engine, input->options.image, &options, err);
}

/* Asked only when a start has failed: one that succeeds does not look twice. */
static bool is_missing(const struct engine *engine, const struct run_input *input,
		       const struct err *err)
{
	const char *name = input->options.image;
	AUTO(struct reference, reference_done) reference = { 0 };
	AUTO(struct image, image_done) image = { 0 };
	struct err why = { 0 };
	return input->pull == RUN_PULL_MISSING && err->kind == ERR_NOT_FOUND && name != NULL &&
	       input->options.rootfs == NULL && !engine_is_embedded_image(name) &&
	       reference_parse(name, &reference, NULL) == 0 &&
	       image_find(&engine->store, name, &image, &why) < 0 && why.kind == ERR_NOT_FOUND;
}

static int pull_missing(struct engine *engine, const struct run_input *input, struct err *err)
{
	AUTO(struct reference, reference_done) reference = { 0 };
	AUTO(struct buf, buf_done) line = { 0 };
	if (reference_parse(input->options.image, &reference, err) < 0)
		return -1;
	AUTO_FREE char *shown = reference_familiar(&reference);
	buf_addf(&line, "Unable to find image '%s' locally\n", shown);
	(void)!fd_write_all(STDERR_FILENO, buf_str(&line), line.len);
	err_clear(err);
	return pull(engine, input, err);
}

static int run_verb(struct cli *cli, void *pointer, const struct strv *operands, struct err *err)
{
	struct run_input *input = pointer;
	if (run_input_finish(input, operands, err) < 0)
		return -1;
	if (input->options.tty && input->options.attach_stdin &&
	    !output_is_terminal(STDIN_FILENO)) {
		err_set(err, ERR_INVALID, "the input device is not a TTY");
		return err_hint(err, "leave -t away when the standard input is a pipe or a file");
	}
	struct engine *engine = cli_engine(cli, err);
	if (engine == NULL)
		return -1;
	if (input->pull == RUN_PULL_ALWAYS && input->options.rootfs == NULL &&
	    pull(engine, input, err) < 0)
		return -1;
	struct run_result result = { 0 };
	int rc = engine_run(engine, &input->options, &result, err);
	if (rc < 0 && is_missing(engine, input, err)) {
		if (pull_missing(engine, input, err) < 0)
			return -1;
		result = (struct run_result){ 0 };
		rc = engine_run(engine, &input->options, &result, err);
	}
	if (rc < 0)
		output_error(err);
	if (result.is_oom_killed)
		say_out_of_memory(&input->options);
	return result.exit_code;
}

const struct verb verb_run = {
	.name = "run",
	.operands = "IMAGE [COMMAND] [ARG...]",
	.summary = "Create a container from an image and run a command in it",
	.details =
		"The container runs in the foreground: its output, its terminal and the signals of "
		"the caller are passed on until it ends. Its file system is a copy-on-write layer "
		"on "
		"top of the image. The options mean what they mean to Docker; those that are "
		"Onggi's own are --isolate, --profile, --rootfs, --time-offset, --hugetlb-limit, "
		"--trace and the modes auto, keep-id and ns:PATH of the namespace options.\n\n"
		"Without --network the container gets a network namespace of its own with nothing "
		"but a loopback device (none): bridges are not there in this release.\n\n"
		"With --isolate the layers that make up a container can be taken apart: "
		"--isolate chroot changes nothing but the root directory, --isolate all,-seccomp "
		"is "
		"a whole container without a system call filter. onggi explain shows what is left.",
	.examples =
		"  onggi run --rm -it debian:12 bash\n"
		"  onggi run --rm -m 256m --cpus 1.5 -v \"$PWD\":/src:ro debian:12 make -C /src\n"
		"  onggi run --rm --read-only --tmpfs /tmp --cap-drop ALL -u 1000 debian:12 id\n"
		"  onggi run --rm --trace debian:12 true",
	.exit_status = "The exit status of the container's command, or 128 and the number of the "
		       "signal that ended it; 125 when Onggi itself failed, 126 when the command "
		       "cannot be executed, 127 when it was not found.",
	.options = { { run_option_rows, run_refused_rows } },
	.input_size = sizeof(struct run_input),
	.init = run_input_init,
	.done = run_input_done,
	.operands_max = OPERANDS_ANY, /* with --rootfs none: run_input_finish counts them */
	.stop_at_operand = true,
	.failure_status = EXIT_USAGE,
	.complete_operands = COMPLETE_IMAGES,
	.run = run_verb,
};
