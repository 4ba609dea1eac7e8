#!/bin/busybox sh
# SPDX-License-Identifier: MIT
# shellcheck shell=dash
#
# A shell on the second serial line. The host sends "TOKEN plain COMMAND" or
# "TOKEN base64 COMMAND", the guest answers "TOKEN STATUS OUTPUT", with the
# output in base64. So both may be anything, and where they are simple no
# process is spent on them: one more takes 10 to 20 ms of an emulated processor.

export PATH=/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/root
cd /root || exit

stty raw -echo
echo ready

# Jobs that a command leaves behind may go on writing to its file. They must not
# become children of this shell: where one ends, busybox's read forgets the part
# of the line that it has.
count=0
while read -r token form command; do
	output=/run/output.$token
	[ "$form" = plain ] || command=$(echo "$command" | base64 -d)
	sh -c "$command" </dev/null >"$output" 2>&1
	printf '%s %s ' "$token" $?
	[ ! -s "$output" ] || base64 -w 0 "$output"
	echo
	count=$((count + 1))
	[ $((count % 20)) != 0 ] || rm /run/output.*
done
