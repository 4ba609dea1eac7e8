#!/bin/sh
# SPDX-License-Identifier: MIT
#
# The manual pages are the contract: they explain exactly the library's constants and fields, the
# driver's attributes, parameters and uevent variables, the rules, and vmclock-check's problem
# codes. docs/troubleshooting.md has the same problem codes. The examples compile as printed.

generated=$PWD/include
cd "${top_srcdir:=$(dirname "$0")/..}" || exit 99
[ -d "$generated" ] && [ "$generated" != "$PWD/include" ] || generated=$PWD/build/include
number=0

# same WHAT NAMES NAMES: a case: the names in the code are the names in the manual.
same() {
	number=$((number + 1))
	code=$(printf '%s\n' "$2" | sort -u)
	manual=$(printf '%s\n' "$3" | sort -u)
	if [ -n "$code" ] && [ "$code" = "$manual" ]; then
		echo "ok $number - $1"
	else
		echo "not ok $number - $1"
		printf '%s\n' "code: $code" "manual: $manual" | sed 's/^/# /'
	fi
}

# items PAGE MACRO [SECTION]: the first words of the page's list items, in a subsection or in all.
items() {
	sed -n "${3:+/^\.Ss $3\$/,/^\.S[hs] /}s/^\.It $2 \([A-Za-z_]*\).*/\1/p" "man/$1"
}

# A structure's fields.
fields() {
	sed -n "/^struct $1 {\$/,/^};\$/s/^\t.*[ *]\([a-z_]*\)\(\[.*\]\)\{0,1\};.*/\1/p" include/vmclock.h
}

# structure NAME FILE...: its declaration, without comments.
structure() {
	name=$1
	shift
	sed 's,[[:blank:]]*/[*].*[*]/$,,' "$@" | sed -n "/^struct vmclock_$name {\$/,/^};\$/p"
}

constants() {
	grep -o "\bVMCLOCK_$1[A-Z_]*" "$2" | sort -u
}

same 'scales' "$(sed -n '/^enum vmclock_scale {/,/^};/s/^\t\(VMCLOCK_SCALE_[A-Z]*\).*/\1/p' include/vmclock.h)" \
	"$(items vmclock_time.3 Dv Scales)"
same 'flags' "$(sed -n 's/^#define \(VMCLOCK_FLAG_[A-Z_]*\)[[:space:]].*1U << .*/\1/p' include/vmclock.h)" \
	"$(items vmclock_time.3 Dv Flags)"
same 'status' "$(constants STATUS_ include/vmclock.h | grep -v '_$')" \
	"$(items vmclock_time.3 Dv Status)"
same 'leap indicator' "$(constants LEAP_ include/vmclock.h | grep -v '_$')" \
	"$(items vmclock_time.3 Dv 'Leap indicator')"
for name in time quality state; do
	same "the text of struct vmclock_$name" "$(structure "$name" include/vmclock.h)" \
		"$(structure "$name" man/*.3)"
done
same 'struct vmclock_quality' "$(fields vmclock_quality)" "$(items vmclock_quality_at.3 Fa)"
same 'struct vmclock_time' "$(fields vmclock_time)" "$(items vmclock_time.3 Fa)"
same 'attributes' "$(sed -n 's/^VMCLOCK_ATTRIBUTE(\(.*\));$/\1/p; s/^static DEVICE_ATTR_R[OW](\(.*\));$/\1/p' \
	driver/*.c)" "$(items vmclock.4 Pa Attributes)"
# Each attribute's name of a value is the tools' name of it.
value_names() {
	grep -o '\[VMCLOCK_[A-Z0-9_]*\] = "[a-z0-9-]*"' "$1"
}

same "the attributes' names of values" "$(value_names driver/sysfs.c)" \
	"$(value_names common/names.c | grep -Fx "$(value_names driver/sysfs.c)")"
same 'uevents' "$(sed -n 's/.*"\(VMCLOCK_[A-Z_]*\)=%.*/\1/p' driver/*.c)" \
	"$(items vmclock.4 Ev Events)"
same 'parameters' "$(sed -n 's/^MODULE_PARM_DESC(\([a-z_]*\),.*/\1/p' driver/*.c)" \
	"$(items vmclock.4 Cm Parameters)"

# codes GRAVITY: vmclock-check's problem codes of this gravity: its own codes, and the rules that
# one look can judge.
codes() {
	grep -ho '"[a-z-]*", CHECK_'"$1" tools/check/*.c | sed 's/^"\(.*\)".*/\1/'
	awk -v gravity="$1" -F '[", {}\t]+' '
		$3 ~ /^JUDGE_(PAGE|GUEST|DEVICE)$/ {
			grave = $4 == "JUDGE_BREAKS" && $5 == "JUDGE_ALL_TIME" ? "UNUSABLE" : "WARNING"
			if (grave == gravity && $4 != "JUDGE_ADVICE")
				print $2
		}' judge/rules.c
}

# codes_in_manual BEFORE AFTER: the codes in the list between these two lines.
codes_in_manual() {
	sed -n "/^$1/,/^$2/s/^\.It Li //p" man/vmclock-check.1 | sed 's/ , /\n/g'
}

# codes_in_table HEADING: the codes in the section's table.
codes_in_table() {
	sed -n "/^## $1/,/^## /s/^| \`\([a-z-]*\)\` |.*/\1/p" docs/troubleshooting.md
}

# The table of rules: names and severities.
rules() {
	sed -n 's/^\t{ "\([a-z-]*\)", JUDGE_[A-Z]*, JUDGE_\([A-Z]*\),.*/\1 \2/p' judge/rules.c |
		tr '[:upper:]' '[:lower:]'
}

rules_in_manual() {
	sed -n 's/^\.It Li \([a-z-]*\)$/\1/p; s/.*\<\(breaks\|doubtful\|advice\)\.$/\1/p' \
		man/vmclock-rules.7 | paste -d ' ' - -
}

same 'rules' "$(rules)" "$(rules_in_manual)"

same 'errors of vmclock-check' "$(codes UNUSABLE)" "$(codes_in_manual 'Errors, ' 'Warnings, ')"
same 'warnings of vmclock-check' "$(codes WARNING)" "$(codes_in_manual 'Warnings, ' '\.Sh ')"
same 'errors in docs/troubleshooting.md' "$(codes UNUSABLE)" "$(codes_in_table Errors)"
same 'warnings in docs/troubleshooting.md' "$(codes WARNING)" "$(codes_in_table Warnings)"

# The values beside the names.
number=$((number + 1))
wrong=$(sed -n 's/^\.It Dv \(VMCLOCK_[A-Z_]*\) Pq \([0-9]*\)$/\1 \2/p' man/vmclock_time.3 |
	while read -r name value; do
		grep -Eq "^#define ${name}[[:space:]]+(0x0)?$value( |\$)" include/vmclock.h ||
			echo "$name $value"
	done)
if [ -z "$wrong" ]; then
	echo "ok $number - values"
else
	echo "not ok $number - values"
	printf '%s\n' "$wrong" | sed 's/^/# /'
fi

# Each example of the library's pages becomes the body of a function.
examples() {
	printf '#include <%s>\n' errno.h stdio.h vmclock.h
	awk '
		/^\.Sh / { in_examples = $2 == "EXAMPLES" }
		in_examples && /^\.Bd -literal/ {
			printf "int example_%d(struct vmclock *vc);\n", ++count
			printf "int example_%d(struct vmclock *vc)\n{ (void)vc; {\n", count
			printf "#line %d \"%s\"\n", FNR + 1, FILENAME
			copies = 1
			next
		}
		copies && /^\.Ed/ { print "} return 0; }"; copies = 0 }
		copies { gsub(/\\e/, "\\"); print }
		END { exit !count }' man/*.3
}

number=$((number + 1))
# shellcheck disable=SC2086
if wrong=$(examples | ${CC:-cc} -std=gnu11 -Wall -Wextra -Werror -O1 -Iinclude -I"$generated" \
	-x c -c -o /dev/null - 2>&1); then
	echo "ok $number - examples compile"
else
	echo "not ok $number - examples compile"
	printf '%s\n' "$wrong" | sed 's/^/# /'
fi
echo "1..$number"
