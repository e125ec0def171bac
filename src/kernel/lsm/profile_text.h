/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/** onggi-default.apparmor; made at build time by tools/embed.py. */
extern const char apparmor_profile_text[];
