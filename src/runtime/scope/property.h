/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * Properties of a unit as words, flat in one list, so that they cross a socket without an encoding
 * of their own: NAME, TYPE, MINIMUM, COUNT, and COUNT values. Types are D-Bus signatures: b
 * ("true", "false"), s, i, u and t (decimal), as, ay (two hexadecimal digits a byte), au and a(ss)
 * (two values an item). MINIMUM is the oldest systemd that knows the property ("0": all): it is
 * left out for an older one.
 */
#include "base/err.h"
#include "base/strv.h"
#include "kernel/cgroup/cgroup.h"

#include <stdint.h>

#define PROPERTY_HEAD  4    /* words before the values */
#define PROPERTIES_MAX 1024 /* words, all together */

/** Append a property with one value. */
void property_add(struct strv *list, const char *name, const char *type, const char *value);
void property_add_bool(struct strv *list, const char *name, bool value);
void property_add_number(struct strv *list, const char *name, uint64_t value); /* type t */

/** The same for one that systemd knows since `minimum`. */
void property_add_since(struct strv *list, unsigned minimum, const char *name, const char *type,
			const char *value);

/** Append a property with a list of values (type as, au or a(ss)). */
void property_add_list(struct strv *list, const char *name, const char *type,
		       const struct strv *values);

/**
 * What systemd has properties for, so that it keeps our values when it writes its own files. A pure
 * function but for updates.
 *
 * @current  the group that is updated, whose files complete what goes together (memory and swap;
 *           for quota and period see cgroup_complete_bandwidth); NULL: a new one
 * @return 0; -1 ERR_INVALID
 * Source: systemd.resource-control(5); org.freedesktop.systemd1(5)
 */
int property_add_limits(struct strv *list, const struct cgroup_limits *limits, bool is_v2,
			const struct cgroup *current, struct err *err);

/**
 * v1: the device rules as DevicePolicy and DeviceAllow. There systemd opens every device again at a
 * reload, unless it has a policy of its own; on v2 it leaves our program alone.
 */
int property_add_devices(struct strv *list, const struct cgroup_limits *limits, struct err *err);

/**
 * The annotations org.systemd.property.NAME, whose values are in GVariant's text form. Only
 * properties about the unit itself may be set: nothing that starts, stops or is run instead of
 * other units.
 * @return 0; -1 ERR_INVALID (a value of another type), ERR_UNSUPPORTED (a property not in our list)
 * Source: runc docs/systemd.md "Auxiliary properties"; GLib "GVariant Text Format"
 */
int property_add_annotations(struct strv *list, const struct strv *annotations, struct err *err);
