#!/bin/sh
# The suite under everything that must not matter to it: run.sh [quick | ZONE ...]
#
# For each time zone (UTC and Asia/Tokyo) every test once, as a plain user, in random order with a printed seed, at 03:00
# there, while a twin holds its usual port and two processes take all the processor they get.
# quick: once, only as a plain user, what a user without rights can change: commands, files, parts, pages. Neither what
# only computes or draws (core, screens, the simulated mat, benchmarks, what moves on a page) nor long stories.
# Root gives a copy of the tree to a user without rights, who runs it; another user runs it in the tree itself.
# PYTEST_ADDOPTS are more words for pytest.
set -eu
cd "$(dirname "$0")/../.."
trap 'exit 1' HUP INT TERM # and what EXIT does

if [ "$(id -u)" -eq 0 ]; then
  place=$(mktemp -d)
  trap 'rm -rf "$place"' EXIT
  mkdir "$place/matpi" "$place/home" "$place/tmp"
  git ls-files -z --cached --others --exclude-standard | tar -c --null -T - -f - | tar -x -C "$place/matpi" -f -
  chown -R 65534:65534 "$place"
  # The path is without root's own folders, which this user may not enter.
  setpriv --reuid 65534 --regid 65534 --clear-groups \
    env -u XDG_RUNTIME_DIR -u XDG_CACHE_HOME -u XDG_CONFIG_HOME -u XDG_DATA_HOME -u XDG_STATE_HOME \
    HOME="$place/home" TMPDIR="$place/tmp" PATH=/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin \
    sh "$place/matpi/tests/hermetic/run.sh" "$@"
  exit
fi

make --no-print-directory .venv/.ready
if [ "${1:-}" = quick ]; then
  .venv/bin/python -m pytest -n 4 --dist worksteal tests/test_*.py tests/drivers tests/page tests/store tests/web \
    --ignore=tests/test_rig.py --ignore=tests/test_story.py --ignore=tests/test_twin_breath.py \
    --ignore-glob='*/web/test_page_still*' --ignore-glob='*/web/test_story_*' --ignore-glob='*/web/test_page_in_*' \
    --ignore-glob='*/web/test_sheet_*' \
    --ignore-glob='*/web/test_calibration_*' --ignore-glob='*/web/test_history_*' --ignore-glob='*/web/test_setup_*'
  exit
fi

work=$(mktemp -d)
started=""
trap 'kill $started 2>/dev/null || :; rm -rf "$work"' EXIT
cc -shared -fPIC -O2 -Wall -Wextra -Werror -o "$work/hour.so" tests/hermetic/hour.c \
  || { echo "run.sh needs a C compiler for the hour; on Debian: apt install gcc libc6-dev" >&2; exit 1; }

.venv/bin/matpi sim --no-browser --store "$work/twin.db" >"$work/twin" 2>&1 &
twin=$!
started=$twin
for _ in 1 2; do
  while :; do :; done &
  started="$started $!"
done
sleep 5
kill -0 "$twin" 2>/dev/null || grep -q "cannot be used" "$work/twin" || { cat "$work/twin" >&2; exit 1; }

[ $# -gt 0 ] || set -- UTC Asia/Tokyo
for zone in "$@"; do
  shift_s=$(($(TZ=$zone date -d 03:00 +%s) - $(date +%s)))
  echo "== 03:00 in $zone"
  TZ=$zone LD_PRELOAD="$work/hour.so" HERMETIC_SHIFT_S=$shift_s \
    .venv/bin/python -m pytest -n 2 --dist worksteal --shuffle new
done
echo "Hermetic: at 03:00 in $*, in random order, as $(id -un), beside a twin and two busy processes."
