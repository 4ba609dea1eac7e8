// SPDX-License-Identifier: MIT
/* The kernel's messages after which time servers may be reachable again. */
#include <arpa/inet.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <net/route.h>
#include <poll.h>
#include <sched.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "log.h"
#include "network.h"
#include "unit.h"

static int lines;

void say(int level, const char *fmt, ...)
{
	(void)level;
	(void)fmt;
	lines++;
}

/* ---- Messages ------------------------------------------------------------------------- */

struct message {
	struct nlmsghdr head;
	union {
		struct ifinfomsg link;
		struct rtmsg route;
	} u;
};

static struct message link_message(int type, int index, unsigned int flags)
{
	return (struct message){
		.head = { .nlmsg_len = NLMSG_LENGTH(sizeof(struct ifinfomsg)),
			  .nlmsg_type = (__u16)type },
		.u.link = { .ifi_index = index, .ifi_flags = flags },
	};
}

static struct message route_message(int type, int kind, int table, unsigned int flags)
{
	return (struct message){
		.head = { .nlmsg_len = NLMSG_LENGTH(sizeof(struct rtmsg)),
			  .nlmsg_type = (__u16)type },
		.u.route = { .rtm_type = (unsigned char)kind,
			     .rtm_table = (unsigned char)table,
			     .rtm_flags = flags },
	};
}

static bool parse(struct network *n, struct message message)
{
	return network_parse(n, &message, message.head.nlmsg_len);
}

#define UP (IFF_UP | IFF_RUNNING)

static void carriers_that_come_up(void **state)
{
	struct network n;
	int i;

	(void)state;
	network_init(&n);
	assert_false(parse(&n, link_message(RTM_NEWLINK, 2, IFF_UP)));
	assert_true(parse(&n, link_message(RTM_NEWLINK, 2, UP)));
	/* Reported again, for another reason. */
	assert_false(parse(&n, link_message(RTM_NEWLINK, 2, UP | IFF_PROMISC)));
	assert_true(parse(&n, link_message(RTM_NEWLINK, 3, UP)));
	assert_false(parse(&n, link_message(RTM_NEWLINK, 2, IFF_UP)));
	assert_false(parse(&n, link_message(RTM_NEWLINK, 3, UP)));
	assert_true(parse(&n, link_message(RTM_NEWLINK, 2, UP)));
	assert_false(parse(&n, link_message(RTM_DELLINK, 2, UP)));
	assert_true(parse(&n, link_message(RTM_NEWLINK, 2, UP)));
	assert_false(parse(&n, link_message(RTM_NEWLINK, 1, UP | IFF_LOOPBACK)));
	/* Without room, a change is reported too often rather than never. */
	for (i = 0; i < 2 * NETWORK_LINKS; i++)
		assert_true(parse(&n, link_message(RTM_NEWLINK, 100 + i, UP)));
	assert_false(parse(&n, link_message(RTM_NEWLINK, 2, UP)));
	assert_true(parse(&n, link_message(RTM_NEWLINK, 99 + 2 * NETWORK_LINKS, UP)));
}

static void routes_that_appear(void **state)
{
	struct network n;

	(void)state;
	network_init(&n);
	assert_true(parse(&n, route_message(RTM_NEWROUTE, RTN_UNICAST, RT_TABLE_MAIN, 0)));
	assert_true(parse(&n, route_message(RTM_NEWROUTE, RTN_UNICAST, 100, 0)));
	assert_false(parse(&n, route_message(RTM_DELROUTE, RTN_UNICAST, RT_TABLE_MAIN, 0)));
	assert_false(parse(&n, route_message(RTM_NEWROUTE, RTN_LOCAL, RT_TABLE_LOCAL, 0)));
	assert_false(parse(&n, route_message(RTM_NEWROUTE, RTN_BROADCAST, RT_TABLE_MAIN, 0)));
	assert_false(parse(&n, route_message(RTM_NEWROUTE, RTN_UNREACHABLE, RT_TABLE_MAIN, 0)));
	assert_false(
		parse(&n, route_message(RTM_NEWROUTE, RTN_UNICAST, RT_TABLE_MAIN, RTM_F_CLONED)));
	assert_false(parse(&n, route_message(RTM_NEWADDR, RTN_UNICAST, RT_TABLE_MAIN, 0)));
}

/* Two messages in one packet, the second cut off anywhere, or with an impossible length. */
static void what_is_cut_off(void **state)
{
	struct message two[2] = {
		link_message(RTM_NEWLINK, 5, IFF_UP),
		route_message(RTM_NEWROUTE, RTN_UNICAST, RT_TABLE_MAIN, 0),
	};
	_Alignas(struct nlmsghdr) char packet[sizeof(two)];
	size_t first = NLMSG_ALIGN(two[0].head.nlmsg_len);
	size_t whole = first + two[1].head.nlmsg_len, length;
	struct network n;
	uint32_t wrong;

	(void)state;
	network_init(&n);
	memcpy(packet, &two[0], first);
	memcpy(packet + first, &two[1], two[1].head.nlmsg_len);
	for (length = 0; length < whole; length++)
		assert_false(network_parse(&n, packet, length));
	assert_true(network_parse(&n, packet, whole));
	/* Attributes that did not fit: the beginning is enough. */
	two[1].head.nlmsg_len = 1000;
	memcpy(packet + first, &two[1], sizeof(two[1].head));
	assert_true(network_parse(&n, packet, whole));
	for (wrong = 0; wrong < sizeof(struct nlmsghdr); wrong++) {
		memcpy(packet, &wrong, sizeof(wrong));
		assert_false(network_parse(&n, packet, whole));
	}
	wrong = UINT32_MAX;
	memcpy(packet, &wrong, sizeof(wrong));
	assert_false(network_parse(&n, packet, whole));
}

/* ---- The kernel's own ------------------------------------------------------------------ */

static struct sockaddr address(const char *text)
{
	struct sockaddr_in in = { .sin_family = AF_INET };
	struct sockaddr generic;

	inet_pton(AF_INET, text, &in.sin_addr);
	memcpy(&generic, &in, sizeof(generic));
	return generic;
}

static int set_up(int fd)
{
	struct ifreq request = { .ifr_name = "lo", .ifr_flags = IFF_UP };

	return ioctl(fd, SIOCSIFFLAGS, &request);
}

static int add_route(int fd, const char *to)
{
	struct rtentry route = {
		.rt_dst = address(to),
		.rt_genmask = address("255.255.255.0"),
		.rt_flags = RTF_UP,
		.rt_dev = (char *)"lo",
	};

	return ioctl(fd, SIOCADDRT, &route);
}

static bool is_readable(const struct network *n)
{
	struct pollfd fd = { .fd = network_fd(n), .events = POLLIN };

	return poll(&fd, 1, 0) == 1;
}

enum { FINE, NO_NAMESPACE, WRONG };

#define CHECK(what)                                    \
	do {                                           \
		if (!(what))                           \
			return WRONG + __LINE__ % 200; \
	} while (0)

/* In a network of its own: without a child, the other tests would have none. */
static int in_a_network(void)
{
	const int64_t soon = NETWORK_COALESCE_NS;
	struct network n;
	int fd;

	if (unshare(CLONE_NEWUSER | CLONE_NEWNET))
		return NO_NAMESPACE;
	fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	CHECK(fd >= 0);
	network_init(&n);
	CHECK(network_fd(&n) == -1);
	CHECK(!network_came(&n, 0));
	network_listen(&n, true);
	CHECK(n.fd >= 0 && network_fd(&n) == n.fd);
	/* Of no use to anybody else. */
	CHECK(!set_up(fd));
	CHECK(is_readable(&n));
	CHECK(!network_came(&n, 0) && n.due == INT64_MAX);
	CHECK(!is_readable(&n));

	CHECK(!add_route(fd, "192.0.2.0"));
	CHECK(is_readable(&n));
	CHECK(!network_came(&n, 10));
	CHECK(n.due == 10 + soon);
	/* What follows is not looked at before that. */
	CHECK(!add_route(fd, "198.51.100.0"));
	CHECK(network_fd(&n) == -1);
	CHECK(!network_came(&n, 9 + soon));
	CHECK(network_came(&n, 10 + soon));
	CHECK(!is_readable(&n));
	CHECK(!network_came(&n, 11 + soon));

	CHECK(!add_route(fd, "203.0.113.0"));
	network_listen(&n, false);
	CHECK(n.fd == -1 && network_fd(&n) == -1);
	network_listen(&n, true);
	CHECK(!network_came(&n, 20 + soon) && n.due == INT64_MAX);
	network_listen(&n, false);
	CHECK(!lines);
	return FINE;
}

static void the_kernel_tells(void **state)
{
	pid_t pid = fork();
	int status;

	(void)state;
	assert_true(pid >= 0);
	if (!pid)
		_exit(in_a_network());
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	if (WEXITSTATUS(status) == NO_NAMESPACE)
		skip();
	assert_int_equal(WEXITSTATUS(status), FINE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(carriers_that_come_up),
		cmocka_unit_test(routes_that_appear),
		cmocka_unit_test(what_is_cut_off),
		cmocka_unit_test(the_kernel_tells),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
