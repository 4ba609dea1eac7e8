# SPDX-License-Identifier: MIT
"""Faults that a line of C may have: the mutants of a file."""

import re
from typing import NamedTuple

_COMMENT = re.compile(r'/\*.*?\*/|//[^\n]*', re.DOTALL)
_STRING = re.compile(r'"(?:\\.|[^"\\])*"|\'(?:\\.|[^\'\\])*\'')

# The sources are formatted, so operators between blanks are binary.
_SWAPS = [
    (' < ', ' <= '), (' <= ', ' < '), (' > ', ' >= '), (' >= ', ' > '),
    (' == ', ' != '), (' != ', ' == '), (' && ', ' || '), (' || ', ' && '),
    (' + ', ' - '), (' - ', ' + '), (' * ', ' + '), (' / ', ' * '), (' % ', ' / '),
    (' << ', ' >> '), (' >> ', ' << '), (' & ', ' | '), (' | ', ' & '),
    (' += ', ' -= '), (' -= ', ' += '), (' >>= ', ' <<= '),
]
# Patterns, and the replacement of each occurrence.
_CHANGES = [
    (r'\+\+', '--'),
    (r'(?<![-\w])--(?=;)', '++'),
    (r'(?<=[(,!=&|] )!(?=\w)|(?<=\()!(?=\w)', ''),
    (r'(?<=[(=] )-(?=[\w(])|(?<=\()-(?=[\w(])|(?<=, )-(?=[\w(])|(?<=return )-(?=[a-z(])', ''),
    (r' \| [A-Z_]+\b', ''),                             # one flag less
    (r'\bif \(.*\)(?= \{?$|$)', 'if (0)'),
    (r'\bif \(.*\)(?= \{?$|$)', 'if (1)'),
    (r'\bwhile \(.*\)(?= \{?$|;?$)', 'while (0)'),
    (r'(?<=return )-E[A-Z0-9]+(?=;)', '0'),
    (r'(?<!\w)-E[A-Z0-9]+\b', '-EXDEV'),
    (r'(?<=return )0(?=;)', '-EXDEV'),
    (r'\btrue\b', 'false'),
    (r'\bfalse\b', 'true'),
    (r'\bsecure_getenv\b', 'getenv'),
    (r'(?<=return )[a-z].*[^;](?=;$)', '0'),
    (r'\? (.+?) : (.+?)(?=[,;)]|$)', r'? \2 : \1'),
]
_NUMBER = re.compile(r'(?<![\w.])(0x[0-9a-fA-F]+|[0-9]+)([uUlL]*)\b(?![.\w])')
_STATEMENT = re.compile(r'^\t+(?!return\b|else\b|case\b|default\b|for\b|do\b|while\b)'
                        r'[\w*(].*;$')
_DECLARATION = re.compile(r'^\t+(?:const |static |struct |unsigned |enum |__?[us]\d+ |u?int\d*_t '
                          r'|int |bool |char |size_t |ssize_t |vmclock_u128 )')


class Mutant(NamedTuple):
    """One line of a file, changed."""

    path: str
    number: int         # of the line, from 0
    old: str
    new: str
    before: str         # the line before

    @property
    def key(self):
        return self.path, ' '.join(self.old.split()), ' '.join(self.new.split())

    def __str__(self):
        return f'{self.path}:{self.number + 1}\n- {self.key[1]}\n+ {self.key[2]}'


def _blank(match):
    return re.sub(r'[^\n]', ' ', match.group())


def _code(text):
    """The text with blanks in place of comments and strings."""
    return _STRING.sub(_blank, _COMMENT.sub(_blank, text))


def _of_line(line, whole):
    """Changed lines; `line` is code, `whole` the same with comments and strings."""
    def replaced(start, end, by):
        return whole[:start] + by + whole[end:]

    for old, new in _SWAPS:
        start = line.find(old)
        while start >= 0:
            yield replaced(start, start + len(old), new)
            start = line.find(old, start + 1)
    # At the line's end and beginning, too: conditions continue on the next line.
    for old, new in (('&&', '||'), ('||', '&&')):
        if line.rstrip().endswith(old):
            end = len(line.rstrip())
            yield replaced(end - len(old), end, new)
    for pattern, new in _CHANGES:
        for match in re.finditer(pattern, line.rstrip()):
            yield replaced(match.start(), match.end(), match.expand(new))
    for match in _NUMBER.finditer(line):
        value = int(match.group(1), 0)
        # -1 stands for any number below 0, and a text's buffer may be larger.
        if (line.strip() == 'return 0;' or line[:match.start()].endswith('-') or
                re.match(r'\s*char \w+\[\d+\]', line) or
                # Hints to the compiler have no effect.
                '__builtin_expect' in line):
            continue
        # Change small numbers by one, and large ones by enough to have an effect.
        near = (value + 1, max(value - 1, 0)) if value < 1000 else (value * 100, value // 100)
        for other in sorted(set(near) - {value}):
            yield replaced(match.start(), match.end(), f'{other}{match.group(2)}')
    if _STATEMENT.match(line.rstrip()) and not _DECLARATION.match(line):
        yield re.match(r'\t*', line).group() + ';'


def of_file(path, text):
    """All mutants of a file, in its order."""
    found = {}
    lines = text.split('\n')
    directive = False
    for number, line in enumerate(_code(text).split('\n')):
        starts = line.startswith('#') and not re.match(r'#define \w+\(?.*[ \t)]', line)
        directive = starts or (directive and lines[number - 1].endswith('\\'))
        if directive or not line.strip():
            continue
        for new in _of_line(line, lines[number]):
            mutant = Mutant(path, number, lines[number], new, lines[number - 1])
            if new != lines[number]:
                found.setdefault((number, new), mutant)
    return list(found.values())
