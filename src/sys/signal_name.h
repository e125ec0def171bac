/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/** A signal by its number or its name, with or without SIG and in any case; RTMIN+n and RTMAX-n.
 *  @return 0 to SIGRTMAX, or -1. Source: signal(7) */
int signal_by_name(const char *text);
