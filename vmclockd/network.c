// SPDX-License-Identifier: MIT
/* The network, by rtnetlink(7). */
#include <errno.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "log.h"
#include "network.h"

#define GROUPS (RTMGRP_LINK | RTMGRP_IPV4_ROUTE | RTMGRP_IPV6_ROUTE)
/* Bytes read in one round; the next round reads the rest. */
#define READS_MAX 100

void network_init(struct network *n)
{
	*n = (struct network){ .fd = -1, .due = INT64_MAX };
}

static int open_socket(void)
{
	struct sockaddr_nl address = { .nl_family = AF_NETLINK, .nl_groups = GROUPS };
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, NETLINK_ROUTE);

	if (fd < 0 || !bind(fd, (struct sockaddr *)&address, sizeof(address)))
		return fd;
	close(fd);
	return -1;
}

void network_listen(struct network *n, bool wanted)
{
	if (wanted == (n->fd >= 0))
		return;
	if (!wanted) {
		close(n->fd);
		n->fd = -1;
		n->due = INT64_MAX;
		n->count = 0;
		return;
	}
	n->fd = open_socket();
	if (n->fd < 0 && !n->failed)
		say(LOG_INFO,
		    "cannot see when the network comes back: %s: asking at intervals instead",
		    strerror(errno));
	n->failed = n->fd < 0;
}

int network_fd(const struct network *n)
{
	return n->due == INT64_MAX ? n->fd : -1;
}

/* ---- Messages ------------------------------------------------------------------------- */

static bool is_known(const struct network *n, int link, unsigned int *at)
{
	for (*at = 0; *at < n->count; ++*at)
		if (n->links[*at] == link)
			return true;
	return false;
}

/* Has a link got a carrier that it did not have? The kernel reports links for other reasons too. */
static bool carrier_came(struct network *n, const struct ifinfomsg *link, bool gone)
{
	bool has_carrier = !gone && link->ifi_flags & IFF_RUNNING, known;
	unsigned int at;

	if (link->ifi_flags & IFF_LOOPBACK)
		return false;
	known = is_known(n, link->ifi_index, &at);
	if (known && !has_carrier)
		n->links[at] = n->links[--n->count];
	if (known || !has_carrier)
		return false;
	if (n->count < NETWORK_LINKS)
		n->links[n->count++] = link->ifi_index;
	return true;
}

static bool is_way_out(const struct rtmsg *route)
{
	return route->rtm_type == RTN_UNICAST && route->rtm_table != RT_TABLE_LOCAL &&
	       !(route->rtm_flags & RTM_F_CLONED);
}

static bool is_news(struct network *n, const struct nlmsghdr *head, size_t length)
{
	if (head->nlmsg_type == RTM_NEWROUTE)
		return length >= NLMSG_LENGTH(sizeof(struct rtmsg)) && is_way_out(NLMSG_DATA(head));
	if (head->nlmsg_type != RTM_NEWLINK && head->nlmsg_type != RTM_DELLINK)
		return false;
	return length >= NLMSG_LENGTH(sizeof(struct ifinfomsg)) &&
	       carrier_came(n, NLMSG_DATA(head), head->nlmsg_type == RTM_DELLINK);
}

bool network_parse(struct network *n, const void *messages, size_t length)
{
	const char *at = messages;
	bool news = false;

	while (length >= sizeof(struct nlmsghdr)) {
		const struct nlmsghdr *head = (const void *)at;
		bool last = head->nlmsg_len >= length;

		if (head->nlmsg_len < sizeof(*head))
			break;
		if (is_news(n, head, last ? length : head->nlmsg_len))
			news = true;
		if (last || NLMSG_ALIGN(head->nlmsg_len) >= length)
			break;
		at += NLMSG_ALIGN(head->nlmsg_len);
		length -= NLMSG_ALIGN(head->nlmsg_len);
	}
	return news;
}

/* ---- Reading them --------------------------------------------------------------------- */

/* Reads all waiting messages; true if one reports a new route or carrier. */
static bool take(struct network *n)
{
	_Alignas(struct nlmsghdr) char messages[8192];
	struct sockaddr_nl from = { 0 };
	bool news = false;
	int i;

	for (i = 0; i < READS_MAX; i++) {
		socklen_t size = sizeof(from);
		ssize_t got = recvfrom(n->fd, messages, sizeof(messages), 0,
				       (struct sockaddr *)&from, &size);

		/* Messages were lost: one of them may have reported a change. */
		bool lost = got < 0 && errno == ENOBUFS;

		if (got <= 0 && !lost)
			break;
		/* Only messages of the kernel count. */
		if (lost || (!from.nl_pid && network_parse(n, messages, (size_t)got)))
			news = true;
	}
	return news;
}

bool network_came(struct network *n, int64_t now)
{
	if (n->fd < 0)
		return false;
	if (now < n->due) {
		if (n->due == INT64_MAX && take(n))
			n->due = now + NETWORK_COALESCE_NS;
		return false;
	}
	take(n);
	n->due = INT64_MAX;
	return true;
}
