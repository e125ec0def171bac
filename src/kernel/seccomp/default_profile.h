/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/** default_profile.json without comments and blanks; made at build time by tools/embed.py. */
extern const char default_profile_text[];
