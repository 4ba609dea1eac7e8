# SPDX-License-Identifier: MIT
"""A host that publishes ten times a second is not told that the guest was moved away: the time
that it leaves behind is not believed, until somebody publishes under the new marker."""

from vmlab.guest.healing import Healing

ARCHITECTURES = ('amd64',)
ALONE = True
# Not run often enough yet to be part of every run.
ON_REQUEST = True

MOVES = 5
# More updates than vmclockd, which looks once a second, can see; seconds between them.
UPDATES = 25
APART = 0.1
# Seconds that the old host's time is there.
HELD_BACK = 3
RIGHT = 10_000


def run(lab):
    healing = Healing(lab)
    healing.start()
    healing.wait_trusted()
    for move in range(1, MOVES + 1):
        for _ in range(UPDATES):
            healing.go_on()
            healing.wait(APART)
        healing.mark()
        lab.wait_for(lambda: healing.said().count('may still be the former host') == move,
                     'doubts about the page')
        healing.wait(HELD_BACK)
        # Of the start, and of each move before.
        lab.equal(healing.said().count('system clock is right within'), move,
                  'how often the clock was trusted')
        lab.equal(healing.state()['trust'], healing.DISRUPTED, 'what the state says')
        healing.set_right(*healing.at_random())
        healing.wait_trusted()
    lab.equal(len(list(healing.healed(RIGHT))), MOVES, 'the moves after which the clock came right')
    healing.check_disruptions(MOVES)
