/* SPDX-License-Identifier: Apache-2.0 */
/* onggi run: parse, run, and leave with the container's exit status. */
#include "base/warn.h"
#include "cli/output.h"
#include "cli/run_input.h"
#include "cli/verb.h"

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
	struct run_result result = { 0 };
	if (engine_run(engine, &input->options, &result, err) < 0)
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
