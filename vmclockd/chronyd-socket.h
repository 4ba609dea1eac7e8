/* SPDX-License-Identifier: MIT */
/* Where chronyd takes commands. */
#ifndef VMCLOCKD_CHRONYD_SOCKET_H
#define VMCLOCKD_CHRONYD_SOCKET_H

#include <stdbool.h>

#include "conf.h"

/* The unit tests use another path. */
#ifndef CHRONYD_SOCKET
#define CHRONYD_SOCKET "/run/chrony/chronyd.sock"
#endif

/* The path of its socket, by the configuration. */
const char *chronyd_socket_path(const struct config *config);

/**
 * chronyd_socket_answers() - does a chronyd take commands there?
 *
 * If this user may not open the socket, chronyd may run: chronyc says what is wrong.
 */
bool chronyd_socket_answers(const struct config *config);

/**
 * chronyd_runs_elsewhere() - does a chronyd run whose socket has another path, or none?
 *
 * It has the port of its commands, or the file of its process ID.
 */
bool chronyd_runs_elsewhere(void);

/**
 * chronyd_socket_tell() - log that a chronyd has another socket, and the way out
 * @config:	the configuration
 * @runs:	it certainly runs; otherwise there is only a socket with its usual name
 *
 * Users can make such a socket as well, so vmclockd does not use it unasked.
 */
void chronyd_socket_tell(const struct config *config, bool runs);

#endif /* VMCLOCKD_CHRONYD_SOCKET_H */
