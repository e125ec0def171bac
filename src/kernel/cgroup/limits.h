/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/* The limits under the name of the room's other public header; v1/ and v2/ need them, too. */
#include "kernel/cgroup/control/limits.h"
