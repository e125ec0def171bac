/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* Devices and limits of devices on the command line. */
#include "base/err.h"

#include <stdint.h>

struct device_flag {
	char *source;   /* host path */
	char *target;   /* container path */
	char access[4]; /* subset of "rwm" in that order */
};
void device_flag_done(struct device_flag *flag);

/** --device HOST[:CONTAINER][:rwm] */
int device_flag_parse(const char *text, struct device_flag *out, struct err *err);

struct device_rule {
	char type;            /* 'a', 'b' or 'c' */
	int64_t major, minor; /* -1: any */
	char access[4];
};

/** --device-cgroup-rule "c 1:3 rwm", numbers or * */
int device_rule_parse(const char *text, struct device_rule *out, struct err *err);

enum throttle_unit { THROTTLE_BYTES, THROTTLE_COUNT, THROTTLE_WEIGHT };

struct throttle_flag {
	char *path; /* "/dev/sda" */
	uint64_t value;
};
void throttle_flag_done(struct throttle_flag *flag);

/** --device-read-bps /dev/sda:1mb, --device-write-iops /dev/sda:100, --blkio-weight-device */
int throttle_flag_parse(const char *text, enum throttle_unit unit, struct throttle_flag *out,
			struct err *err);
