#!/bin/sh
# SPDX-License-Identifier: MIT
#
# configure.ac has the version. Other necessary copies are the same, and there are no
# unnecessary ones.

cd "${top_srcdir:=$(dirname "$0")/..}" || exit 99
version=$(sed -n 's/^AC_INIT(\[vmclock\], \[\([^]]*\)\].*/\1/p' configure.ac)
number=0

# same WHAT VERSION: a case: VERSION is one line, and the same version.
same() {
	number=$((number + 1))
	if [ -n "$version" ] && [ "$2" = "$version" ]; then
		echo "ok $number - $1"
	else
		echo "not ok $number - $1"
		echo "# configure.ac has '$version', this has '$2'"
	fi
}

same dkms.conf "$(sed -n 's/^PACKAGE_VERSION="\(.*\)"$/\1/p' dkms.conf)"
same "the driver's MODULE_VERSION" "$(sed -n 's/^MODULE_VERSION("\(.*\)");$/\1/p' driver/*.c)"
# Made by configure, in the folder where the tests run.
header=$OLDPWD/include/vmclock-version.h
same 'VMCLOCK_VERSION' "$(sed -n 's/^#define VMCLOCK_VERSION[[:space:]]*"\(.*\)"$/\1/p' "$header")"
same 'VMCLOCK_VERSION_MAJOR, _MINOR and _PATCH' "$(for part in MAJOR MINOR PATCH; do
	sed -n "s/^#define VMCLOCK_VERSION_${part}[[:space:]]*\([0-9]*\)\$/\1/p" "$header"
done | paste -sd.)"
same NEWS "$(sed -n '1s/^vmclock \([^ ]*\).*/\1/p' NEWS)"
same docs/install.md "$(grep -o 'vmclock[/-][0-9.]*[0-9]' docs/install.md | sed 's,^vmclock[/-],,' | sort -u)"
# Without the epoch and Debian's suffixes: revision, +nmu1, ~bpo12+1.
same debian/changelog "$(sed -n '1s/^vmclock (\([0-9]*:\)\{0,1\}\([0-9.]*\).*/\2/p' debian/changelog)"

# Literals become outdated. The library's symbols keep the version in which they appeared.
number=$((number + 1))
others=$(grep -rlFw -e "$version" --include='*.[chs]' --include='*.sh' --include='*.py' --include=run \
	bench examples lab lib scripts tests tools 2>/dev/null)
if [ -z "$others" ]; then
	echo "ok $number - nowhere else"
else
	echo "not ok $number - nowhere else"
	printf '%s\n' "$others" | sed "s/^/# $version stands in /"
fi
echo "1..$number"
