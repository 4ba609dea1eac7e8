#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-or-later
#
# verify.sh KERNEL ARCH: DKMS runs this script before it installs a module,
# because DKMS does not notice when a full disk cuts the module short. The
# script removes such a module, or DKMS would go on taking it for built.

built=${0%/source/*}/$1/$2
# root's PATH may lack these.
PATH=$PATH:/usr/sbin:/sbin

command -v modinfo >/dev/null || {
	echo 'vmclock: modinfo is missing, and nothing else tells whether the module is whole' >&2
	exit 1
}

for module in "$built"/module/vmclock.ko*; do
	case $(modinfo -F vermagic "$module" 2>/dev/null) in
	"$1 "*) ;;
	*)
		echo "vmclock: $module is not whole, so it is removed: was the disk full?" >&2
		rm -rf "$built"
		exit 1
		;;
	esac
done
