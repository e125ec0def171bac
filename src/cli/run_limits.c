/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Resource options of run, with Docker's rules of what may go together: scripts rely on the
 * refusals as much as on the settings.
 * Source: docker-run(1), "Runtime constraints on resources"
 */
#include "base/mem.h"
#include "cli/run_input.h"
#include "format/bytes.h"
#include "format/device_flag.h"
#include "format/number.h"
#include "format/ulimit.h"

#include <inttypes.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#define MEMORY_MIN_BYTES  (6 << 20)
#define CPU_PERIOD_US     100000
#define CPU_PERIOD_MIN_US 1000
#define CPU_PERIOD_MAX_US 1000000

void *run_array_add(void *items_pointer, size_t *len, size_t item_size)
{
	char **items = items_pointer;
	*items = mem_realloc(*items, (*len + 1) * item_size);
	char *item = *items + *len * item_size;
	memset(item, 0, item_size);
	(*len)++;
	return item;
}

int run_set_memory_swap(const struct option_row *row, void *target, const char *value,
			struct err *err)
{
	struct cgroup_value *member = (void *)((char *)target + row->offset);
	uint64_t bytes;
	if (strcmp(value, "-1") == 0) {
		*member = (struct cgroup_value){ .is_set = true, .value = -1 };
		return 0;
	}
	if (bytes_parse(value, &bytes, err) < 0)
		return -1;
	if (bytes > INT64_MAX)
		return err_set(err, ERR_INVALID, "invalid size: '%s'", value);
	*member = (struct cgroup_value){ .is_set = true, .value = (int64_t)bytes };
	return 0;
}

int run_set_cpus(const struct option_row *row, void *target, const char *value, struct err *err)
{
	struct run_input *input = target;
	(void)row;
	return number_parse_billionths(value, 1000000, &input->cpus_billionths, err);
}

int run_set_throttle(const struct option_row *row, void *target, const char *value, struct err *err)
{
	struct cgroup_throttles *list = (void *)((char *)target + row->offset);
	AUTO(struct throttle_flag, throttle_flag_done) flag = { 0 };
	if (throttle_flag_parse(value, (enum throttle_unit)row->extra, &flag, err) < 0)
		return -1;
	struct stat st;
	if (stat(flag.path, &st) < 0)
		return err_sys(err, "look at %s", flag.path);
	if (!S_ISBLK(st.st_mode))
		return err_set(err, ERR_INVALID, "%s is not a block device", flag.path);
	struct cgroup_throttle *item = run_array_add(&list->items, &list->len, sizeof(*item));
	*item = (struct cgroup_throttle){ .major = major(st.st_rdev),
					  .minor = minor(st.st_rdev),
					  .value = flag.value };
	return 0;
}

int run_set_ulimit(const struct option_row *row, void *target, const char *value, struct err *err)
{
	struct run_options *options = &((struct run_input *)target)->options;
	struct ulimit_flag flag;
	(void)row;
	if (ulimit_parse(value, &flag, err) < 0)
		return -1;
	int resource = rlimit_by_name(flag.name);
	if (resource < 0)
		return err_set(err, ERR_INVALID, "invalid ulimit type: %s", flag.name);
	struct rlimit_entry *entry = NULL;
	for (size_t i = 0; i < options->ulimits_len; i++)
		if (options->ulimits[i].resource == resource)
			entry = &options->ulimits[i];
	if (entry == NULL)
		entry = run_array_add(&options->ulimits, &options->ulimits_len, sizeof(*entry));
	*entry = (struct rlimit_entry){ .resource = resource,
					.soft = flag.soft,
					.hard = flag.hard };
	return 0;
}

int run_set_hugetlb(const struct option_row *row, void *target, const char *value, struct err *err)
{
	struct cgroup_limits *limits = &((struct run_input *)target)->options.limits;
	const char *equals = strchr(value, '=');
	uint64_t bytes;
	(void)row;
	if (equals == NULL || equals == value)
		return err_set(err, ERR_INVALID, "bad format: %s (PAGESIZE=BYTES: 2MB=64m)", value);
	if (bytes_parse(equals + 1, &bytes, err) < 0)
		return -1;
	struct cgroup_hugetlb *item = run_array_add(&limits->hugetlb, &limits->hugetlb_len,
						    sizeof(*item));
	item->page_size = mem_strndup(value, (size_t)(equals - value));
	item->limit_bytes = bytes;
	return 0;
}

/* In Docker 0 means "not given" for all of these. */
static void drop_zero(struct cgroup_value *value)
{
	if (value->is_set && value->value == 0)
		value->is_set = false;
}

static int memory_finish(struct cgroup_limits *limits, struct err *err)
{
	struct cgroup_value *limit = &limits->memory.limit_bytes;
	struct cgroup_value *swap = &limits->memory.swap_bytes;
	struct cgroup_value *reservation = &limits->memory.reservation_bytes;
	struct cgroup_value *swappiness = &limits->memory.swappiness;
	drop_zero(limit);
	drop_zero(swap);
	drop_zero(reservation);
	if (limit->is_set && limit->value < MEMORY_MIN_BYTES)
		return err_set(err, ERR_INVALID, "Minimum memory limit allowed is 6MB");
	if (swap->is_set && !limit->is_set)
		return err_set(err, ERR_INVALID,
			       "You should always set the Memory limit when using Memoryswap "
			       "limit, see usage");
	if (swap->is_set && swap->value != -1 && swap->value < limit->value)
		return err_set(err, ERR_INVALID,
			       "Minimum memoryswap limit should be larger than memory limit, see "
			       "usage");
	if (limit->is_set && !swap->is_set && limit->value <= INT64_MAX / 2)
		*swap = (struct cgroup_value){ .is_set = true, .value = 2 * limit->value };
	if (reservation->is_set && reservation->value < MEMORY_MIN_BYTES)
		return err_set(err, ERR_INVALID, "Minimum memory reservation allowed is 6MB");
	if (reservation->is_set && limit->is_set && reservation->value > limit->value)
		return err_set(err, ERR_INVALID,
			       "Minimum memory limit can not be less than memory reservation "
			       "limit, see usage");
	if (swappiness->is_set && swappiness->value == -1)
		swappiness->is_set = false;
	if (swappiness->is_set && (swappiness->value < 0 || swappiness->value > 100))
		return err_set(err, ERR_INVALID,
			       "Invalid value: %" PRId64 ", valid memory swappiness range is 0-100",
			       swappiness->value);
	return 0;
}

static int cpu_finish(struct cgroup_limits *limits, uint64_t cpus_billionths, struct err *err)
{
	struct cgroup_value *period = &limits->cpu.period_us, *quota = &limits->cpu.quota_us;
	drop_zero(&limits->cpu.shares);
	drop_zero(period);
	drop_zero(quota);
	drop_zero(&limits->cpu.rt_period_us);
	drop_zero(&limits->cpu.rt_runtime_us);
	if (limits->cpu.shares.is_set && limits->cpu.shares.value < 0)
		return err_set(err, ERR_INVALID, "CPU shares can not be negative");
	if (cpus_billionths > 0 && (period->is_set || quota->is_set))
		return err_set(err, ERR_INVALID,
			       "Conflicting options: Nano CPUs and CPU %s cannot both be set.",
			       period->is_set ? "Period" : "Quota");
	if (period->is_set &&
	    (period->value < CPU_PERIOD_MIN_US || period->value > CPU_PERIOD_MAX_US))
		return err_set(err, ERR_INVALID,
			       "CPU cfs period can not be less than 1ms (i.e. %d) or larger than "
			       "1s (i.e. %d)",
			       CPU_PERIOD_MIN_US, CPU_PERIOD_MAX_US);
	if (quota->is_set && quota->value != -1 && quota->value < CPU_PERIOD_MIN_US)
		return err_set(err, ERR_INVALID, "CPU cfs quota can not be less than 1ms (i.e. %d)",
			       CPU_PERIOD_MIN_US);
	if (cpus_billionths > 0 && cpus_billionths < 10000000)
		return err_set(err, ERR_INVALID, "Range of CPUs is from 0.01 up");
	if (cpus_billionths > 0) {
		*period = (struct cgroup_value){ .is_set = true, .value = CPU_PERIOD_US };
		*quota = (struct cgroup_value){
			.is_set = true,
			.value = (int64_t)(cpus_billionths / (1000000000 / CPU_PERIOD_US)),
		};
	}
	return 0;
}

static int list_check(const char *list, const char *what, struct err *err)
{
	if (list != NULL && (list[0] == '\0' || list[strspn(list, "0123456789,-")] != '\0'))
		return err_set(err, ERR_INVALID, "Invalid value %s for cpuset %s", list, what);
	return 0;
}

int run_limits_finish(struct run_input *input, struct err *err)
{
	struct cgroup_limits *limits = &input->options.limits;
	if (memory_finish(limits, err) < 0 || cpu_finish(limits, input->cpus_billionths, err) < 0 ||
	    list_check(limits->cpu.cpus, "cpus", err) < 0 ||
	    list_check(limits->cpu.mems, "mems", err) < 0)
		return -1;
	drop_zero(&limits->io.weight);
	struct cgroup_value weight = limits->io.weight;
	if (weight.is_set && (weight.value < 10 || weight.value > 1000))
		return err_set(err, ERR_INVALID, "Range of blkio weight is from 10 to 1000");
	drop_zero(&input->pids_limit);
	if (input->pids_limit.is_set && input->pids_limit.value < 0)
		input->pids_limit.value = -1;
	limits->pids_max = input->pids_limit;
	if (input->shm_size.is_set)
		input->options.shm_bytes = (uint64_t)input->shm_size.value;
	return 0;
}
