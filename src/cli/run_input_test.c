/* SPDX-License-Identifier: Apache-2.0 */
/* The command line of `run`, from words to the engine's options. */
#include "cli/run_input.h"
#include "cli/verb.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include <cmocka.h>

static int parse(const char *line, struct run_input *input, struct err *err)
{
	AUTO(struct strv, strv_done) words = { 0 };
	AUTO(struct strv, strv_done) operands = { 0 };
	strv_split(&words, line, ' ');
	run_input_init(input);
	int outcome = option_parse(&verb_run.options, "onggi run", true, words.items, input,
				   &operands, err);
	return outcome == OPTION_PARSED ? run_input_finish(input, &operands, err) : -1;
}

static void input_done(struct run_input *input)
{
	run_input_done(input);
}
#define AUTO_INPUT AUTO(struct run_input, input_done)

static void parse_good(const char *line, struct run_input *input)
{
	struct err err = { 0 };
	if (parse(line, input, &err) < 0)
		fail_msg("%s: %s", line, err.text);
}

static void defaults_are_dockers(void **state)
{
	(void)state;
	AUTO_INPUT input = { 0 };
	parse_good("debian", &input);
	const struct run_options *options = &input.options;
	assert_string_equal(options->image, "debian");
	assert_int_equal(options->args.len, 0);
	assert_true(options->attach_stdout && options->attach_stderr && !options->attach_stdin);
	assert_true(options->sig_proxy && !options->tty && !options->is_throwaway);
	assert_true(options->isolate == ISOLATE_ALL);
	assert_int_equal(options->stop_timeout_s, -1);
	assert_int_equal(options->trace_fd, -1);
	assert_int_equal(options->network.kind, RUN_NS_DEFAULT);
	assert_false(options->limits.memory.limit_bytes.is_set);
}

static void values_reach_the_engine(void **state)
{
	(void)state;
	AUTO_INPUT input = { 0 };
	setenv("ONGGI_TEST_KEY", "from outside", 1);
	unsetenv("ONGGI_TEST_NONE");
	parse_good("--rm -i -e A=1 -e ONGGI_TEST_KEY -e ONGGI_TEST_NONE -e A=2 -l k -l a=b "
		   "--network host --pid container:web --ipc none --userns auto:size=65536 "
		   "--time-offset boottime=-5 --ulimit nofile=10:20 --ulimit nofile=11 "
		   "--device /dev/fuse:r --add-host h:1.2.3.4 --add-host six=[::1] "
		   "--security-opt no-new-privileges --security-opt seccomp=unconfined "
		   "--security-opt label=disable --isolate all,-seccomp --profile docker "
		   "--oom-score-adj -5 --stop-signal SIGRTMIN+3 debian sh -c x",
		   &input);
	const struct run_options *options = &input.options;
	assert_true(options->is_throwaway && options->attach_stdin);
	assert_string_equal(strv_env_get(&options->env, "A"), "2");
	assert_string_equal(strv_env_get(&options->env, "ONGGI_TEST_KEY"), "from outside");
	assert_null(strv_env_get(&options->env, "ONGGI_TEST_NONE"));
	assert_string_equal(strv_env_get(&options->labels, "k"), "");
	assert_int_equal(options->network.kind, RUN_NS_HOST);
	assert_int_equal(options->pid.kind, RUN_NS_CONTAINER);
	assert_string_equal(options->pid.value, "web");
	assert_int_equal(options->ipc.kind, RUN_NS_NONE);
	assert_int_equal(options->userns.kind, RUN_NS_AUTO);
	assert_string_equal(options->userns.value, "size=65536");
	assert_string_equal(options->time_offsets.items[0], "boottime=-5");
	assert_int_equal(options->ulimits_len, 1);
	assert_int_equal(options->ulimits[0].resource, RLIMIT_NOFILE);
	assert_true(options->ulimits[0].soft == 11 && options->ulimits[0].hard == 11);
	assert_string_equal(options->devices[0].access, "r");
	assert_string_equal(options->add_hosts.items[0], "h:1.2.3.4");
	assert_string_equal(options->add_hosts.items[1], "six:::1");
	assert_true(options->no_new_privileges && options->docker_caps);
	assert_string_equal(options->seccomp, "unconfined");
	assert_string_equal(options->labels_selinux.items[0], "disable");
	assert_true(options->isolate == (ISOLATE_ALL & ~ISOLATE_SECCOMP));
	assert_true(options->has_oom_score_adj && options->oom_score_adj == -5);
	assert_int_equal(options->args.len, 3);
	assert_string_equal(options->args.items[1], "-c");
}

static void limits_follow_docker(void **state)
{
	(void)state;
	static const struct {
		const char *line;
		int64_t swap; /* 0: not set */
	} swaps[] = { { "-m 64m x", 128 << 20 },
		      { "-m 64m --memory-swap 64m x", 64 << 20 },
		      { "-m 64m --memory-swap 0 x", 128 << 20 },
		      { "-m 64m --memory-swap -1 x", -1 },
		      { "-m 0 x", 0 } };
	for (size_t i = 0; i < ARRAY_LEN(swaps); i++) {
		AUTO_INPUT input = { 0 };
		parse_good(swaps[i].line, &input);
		const struct cgroup_value *swap = &input.options.limits.memory.swap_bytes;
		assert_int_equal(swap->is_set, swaps[i].swap != 0);
		if (swap->is_set)
			assert_int_equal(swap->value, swaps[i].swap);
	}
	AUTO_INPUT input = { 0 };
	parse_good("--cpus 1.5 --pids-limit 0 --shm-size 1m --blkio-weight 10 x", &input);
	const struct cgroup_limits *limits = &input.options.limits;
	assert_int_equal(limits->cpu.quota_us.value, 150000);
	assert_int_equal(limits->cpu.period_us.value, 100000);
	assert_false(limits->pids_max.is_set);
	assert_int_equal(limits->io.weight.value, 10);
	assert_int_equal(input.options.shm_bytes, 1 << 20);
}

static void mounts_reach_the_engine(void **state)
{
	(void)state;
	AUTO_INPUT input = { 0 };
	parse_good("-v /a:/b:ro --mount type=bind,src=/c,dst=/d,ro,bind-recursive=writable "
		   "--tmpfs /run:size=1m --mount "
		   "type=bind,src=/c,dst=/e,ro,bind-recursive=readonly,bind-propagation=rprivate x",
		   &input);
	const struct run_mount *mounts = input.options.mounts;
	assert_int_equal(input.options.mounts_len, 4);
	assert_true(mounts[0].make_source && mounts[0].is_readonly &&
		    mounts[0].is_readonly_recursive);
	assert_true(!mounts[1].make_source && mounts[1].is_readonly &&
		    !mounts[1].is_readonly_recursive);
	assert_true(mounts[2].type == RUN_MOUNT_TMPFS && mounts[2].source == NULL);
	assert_string_equal(mounts[2].options.items[0], "size=1m");
	assert_string_equal(mounts[3].options.items[0], "rro");
}

static void refusals_say_why(void **state)
{
	(void)state;
	static const char *const rows[][2] = {
		{ "--rm", "requires at least 1 argument" },
		{ "-d x", "--detach is not yet supported by onggi run" },
		{ "-p 80:80 x", "--publish is not yet supported by onggi run" },
		{ "-m 1m x", "Minimum memory limit allowed is 6MB" },
		{ "--memory-swap 1g x", "You should always set the Memory limit" },
		{ "-m 64m --memory-swap 32m x", "should be larger than memory limit" },
		{ "-m 64m --memory-reservation 65m x", "less than memory reservation" },
		{ "--memory-reservation 1m x", "Minimum memory reservation" },
		{ "--memory-swappiness 101 x", "valid memory swappiness range is 0-100" },
		{ "--memory-swap -5 x", "invalid size: '-5'" },
		{ "--cpus 1 --cpu-period 1000 x", "Nano CPUs and CPU Period" },
		{ "--cpus 1 --cpu-quota 1000 x", "Nano CPUs and CPU Quota" },
		{ "--cpus 0.001 x", "Range of CPUs" },
		{ "--cpus x x", "not a decimal number" },
		{ "--cpu-period 10 x", "CPU cfs period" },
		{ "--cpu-quota 10 x", "CPU cfs quota" },
		{ "--cpuset-cpus a x", "Invalid value a for cpuset cpus" },
		{ "--blkio-weight 5 x", "Range of blkio weight is from 10 to 1000" },
		{ "--oom-score-adj 1001 x", "[-1000, 1000]" },
		{ "--network bridge x", "network bridge is not yet supported" },
		{ "--network container: x", "container: needs a name" },
		{ "--pid foo x", "invalid mode: known are private host" },
		{ "--pid none x", "invalid mode" },
		{ "--userns auto:x x", "size=COUNT" },
		{ "--userns auto:size=0 x", "at least one id" },
		{ "--time-offset x=1 x", "bad format: x=1" },
		{ "--isolate chroot,foo x", "unknown word \"foo\"" },
		{ "--profile x x", "known are default docker" },
		{ "--trace=x x", "known are tree json perfetto" },
		{ "--pull sometimes x", "known are always missing never" },
		{ "--security-opt foo x", "invalid --security-opt: \"foo\"" },
		{ "--security-opt seccomp=/nonexistent/p x", "open the seccomp profile" },
		{ "--security-opt systempaths=x x", "invalid --security-opt" },
		{ "--env-file /nonexistent/e x", "open /nonexistent/e: No such file" },
		{ "-e =x x", "invalid environment variable: =x" },
		{ "-l = x", "invalid label '=': empty name" },
		{ "--annotation x y", "invalid annotation 'x'" },
		{ "-a foo x", "valid streams are STDIN, STDOUT and STDERR" },
		{ "--add-host x y", "bad format for add-host" },
		{ "--add-host x:y z", "invalid IP address in add-host: \"y\"" },
		{ "--dns foo x", "IP address is not correctly formatted: foo" },
		{ "--name -x y", "Invalid container name (-x)" },
		{ "-w a x", "needs to be an absolute path" },
		{ "--sysctl foo x", "sysctl 'foo' is not NAME=VALUE" },
		{ "--stop-signal FOO x", "invalid signal: FOO" },
		{ "--stop-signal 0 x", "invalid signal: 0" },
		{ "--stop-signal RTMIN+99 x", "invalid signal: RTMIN+99" },
		{ "--cidfile /proc/self/stat x", "container ID file found" },
		{ "--ulimit foo=1 x", "invalid ulimit type: foo" },
		{ "--device-read-bps /dev/null:1mb x", "/dev/null is not a block device" },
		{ "--hugetlb-limit x y", "bad format: x" },
		{ "-v /a:/b -v /c:/b x", "Duplicate mount point: /b" },
	};
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		AUTO_INPUT input = { 0 };
		struct err err = { 0 };
		if (parse(rows[i][0], &input, &err) == 0)
			fail_msg("%s was taken", rows[i][0]);
		if (strstr(err.text, rows[i][1]) == NULL)
			fail_msg("%s: %s", rows[i][0], err.text);
	}
}

/* Docker's options of `run` (its client 29): each is known, taken or refused by name. */
static void every_docker_option_is_known(void **state)
{
	(void)state;
	static const char names[] =
		"add-host annotation attach blkio-weight blkio-weight-device cap-add cap-drop "
		"cgroup-parent cgroupns cidfile cpu-count cpu-percent cpu-period cpu-quota "
		"cpu-rt-period cpu-rt-runtime cpu-shares cpus cpuset-cpus cpuset-mems detach "
		"detach-keys device device-cgroup-rule device-read-bps device-read-iops "
		"device-write-bps device-write-iops dns dns-option dns-search domainname "
		"entrypoint env env-file expose gpus group-add health-cmd health-interval "
		"health-retries health-start-interval health-start-period health-timeout hostname "
		"init interactive io-maxbandwidth io-maxiops ip ip6 ipc isolation label label-file "
		"link link-local-ip log-driver log-opt mac-address memory memory-reservation "
		"memory-swap memory-swappiness mount name network network-alias no-healthcheck "
		"oom-kill-disable oom-score-adj pid pids-limit platform privileged publish "
		"publish-all pull quiet read-only restart rm runtime security-opt shm-size "
		"sig-proxy stop-signal stop-timeout storage-opt sysctl tmpfs tty ulimit "
		"use-api-socket user userns uts volume volume-driver volumes-from workdir";
	AUTO(struct strv, strv_done) list = { 0 };
	strv_split(&list, names, ' ');
	assert_int_equal(list.len, 101); /* 102 with --help */
	for (size_t i = 0; i < list.len; i++)
		if (option_find(&verb_run.options, list.items[i], strlen(list.items[i])) == NULL)
			fail_msg("--%s is unknown", list.items[i]);
}

static unsigned letter_count(const struct option_tables *options, char letter)
{
	unsigned count = 0;
	OPTION_EACH(row, options)
	{
		count += letter != 0 && row->letter == letter;
	}
	return count;
}

static void no_option_is_there_twice(void **state)
{
	(void)state;
	for (const struct verb *const *verb = verb_table; *verb != NULL; verb++) {
		OPTION_EACH(row, &(*verb)->options)
		{
			size_t len = strlen(row->name);
			assert_ptr_equal(option_find(&(*verb)->options, row->name, len), row);
			assert_true(row->type == OPTION_REFUSED || row->help != NULL);
			assert_true(row->type != OPTION_CUSTOM || row->set != NULL);
			assert_true(letter_count(&(*verb)->options, row->letter) <= 1);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(defaults_are_dockers),
		cmocka_unit_test(values_reach_the_engine),
		cmocka_unit_test(limits_follow_docker),
		cmocka_unit_test(mounts_reach_the_engine),
		cmocka_unit_test(refusals_say_why),
		cmocka_unit_test(every_docker_option_is_known),
		cmocka_unit_test(no_option_is_there_twice),
	};
	return cmocka_run_group_tests_name("run_input", tests, NULL, NULL);
}
