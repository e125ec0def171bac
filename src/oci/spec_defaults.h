/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/*
 * What a container gets unless somebody says otherwise: hidden and read-only paths, and devices.
 * The lists are moby's, which images have come to expect.
 */
#include "oci/spec.h"

/** Append the paths of /proc and /sys that are hidden, and those that are read-only. Reads the
 *  host's /sys to see which processors tell of their temperature. */
void spec_add_default_masks(struct spec *spec);

/** Append the rules for the devices every container may use (null, zero, full, random, urandom,
 *  tty, console, ptmx, pts), and for making, not opening, any node. */
void spec_add_default_device_rules(struct spec *spec);
