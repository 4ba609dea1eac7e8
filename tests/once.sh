#!/bin/sh
# SPDX-License-Identifier: MIT
#
# scripts/once checks a source again after each change that can change the result,
# and only then.

once=$(cd "${top_srcdir:=$(dirname "$0")/..}" && pwd)/scripts/once || exit 99
tmp=$(mktemp -d "${TMPDIR:-/tmp}/vmclock-once.XXXXXX") || exit 99
trap 'rm -rf "$tmp"' EXIT
trap 'exit 99' HUP INT TERM
cd "$tmp" || exit 99
VMCLOCK_CACHE=$tmp/cache
CHECKED_BY='tool 1'
CHECKED_FLAGS=-Iheaders
export VMCLOCK_CACHE CHECKED_BY CHECKED_FLAGS
number=0

# Fails while there is a file "broken".
cat >check <<'END'
#!/bin/sh
echo run >>runs
! [ -e broken ]
END
chmod +x check
mkdir headers
echo '#include "header.h"' >source.c
echo 'int x;' >headers/header.h
echo 'Checks: all' >.clang-tidy

# check_is NAME RUNS STATUS [ARG...]: a case: the check of source.c, if it is asked for now.
check_is() {
	name=$1 runs=$2 status=$3
	shift 3
	: >runs
	"$once" source.c ./check "$@" >out 2>&1
	got="$? $(grep -c . runs)"
	number=$((number + 1))
	if [ "$got" = "$status $runs" ]; then
		echo "ok $number - $name"
	else
		echo "not ok $number - $name"
		echo "# status and runs are '$got', not '$status $runs'"
		sed 's/^/# /' out
	fi
}

check_is 'a new source is checked' 1 0
check_is 'the same source is not checked again' 0 0
check_is 'by another command it is' 1 0 --strict
echo 'int y;' >>headers/header.h
check_is 'after a change of its header' 1 0
check_is 'and then no more' 0 0
echo '/* a comment */' >>source.c
check_is 'after a change of a comment' 1 0
echo 'Checks: some' >.clang-tidy
check_is 'after a change of .clang-tidy' 1 0
CHECKED_BY='tool 2'
check_is 'after an update of the tool' 1 0
CHECKED_FLAGS='-Iheaders -include extra.h'
echo '#define X' >extra.h
check_is 'with a header that the flags name' 1 0
touch broken
check_is 'a known source is not checked in vain' 0 0
echo 'int z;' >>source.c
check_is 'a check that fails' 1 1
check_is 'fails again' 1 1
rm broken
check_is 'and passes when the fault is gone' 1 0
rm headers/header.h
check_is 'with a header missing it is always checked' 1 0
check_is 'and again' 1 0

# No C source, and it includes what the caller names.
echo 'int w;' >headers/header.h
echo '#include "nowhere.h"' >source.c
CHECKED_WITH='headers/header.h extra.h'
export CHECKED_WITH
check_is 'a source that another language reads' 1 0
check_is 'is not checked again' 0 0
echo 'int v;' >>headers/header.h
check_is 'after a change of a file that is named' 1 0
echo 'int u;' >>source.c
check_is 'after a change of its own' 1 0
CHECKED_WITH='headers/header.h gone.h'
check_is 'with a named file missing it is always checked' 1 0
check_is 'and once more' 1 0
CHECKED_WITH=
check_is 'a source that includes nothing' 1 0
check_is 'needs no check either, the second time' 0 0
echo "1..$number"
