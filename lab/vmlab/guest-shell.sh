#!/bin/busybox sh
# SPDX-License-Identifier: MIT
# shellcheck shell=dash
#
# A shell on the second serial line. The host sends "TOKEN COMMAND", the guest
# answers "TOKEN STATUS OUTPUT". Command and output travel in base64, so that
# they may be anything.

export PATH=/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/root
cd /root || exit

stty raw -echo
echo ready

# Jobs that a command leaves behind may go on writing to its file. They must not
# become children of this shell: where one ends, busybox's read forgets the part
# of the line that it has.
while read -r token command; do
	output=/run/output.$token
	sh -c "$(echo "$command" | base64 -d)" </dev/null >"$output" 2>&1
	status=$?
	echo "$token $status $(base64 -w 0 "$output")"
	rm "$output"
done
