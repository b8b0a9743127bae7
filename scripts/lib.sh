# Shared by all scripts: paths, settings, messages, steps, stamps, the lock.
set -euo pipefail
shopt -s nullglob
umask 022

ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd -P)
LOCAL=$ROOT/.local
VENV=$LOCAL/venv
LINT=$LOCAL/lint
mkdir -p "$LOCAL"/{log,run,stamp} 2>/dev/null && [ -w "$LOCAL" ] || {
  echo "STOP: the user $(id -un) cannot write to $LOCAL: use the user who made it, or a clone of your own" >&2
  exit 1
}

# own settings: environment first, then crowd.env (KEY=value lines), then the defaults below
if [ -r "$ROOT/crowd.env" ]; then
  while IFS='=' read -r key value; do
    case $key in
      CROWD_*) [ -n "${!key+set}" ] || export "$key=$value" ;;
    esac
  done <"$ROOT/crowd.env"
fi
CROWD_PORT=${CROWD_PORT:-8069}
CROWD_DB=${CROWD_DB:-crowd}

# nothing of the caller's Python, Odoo or PostgreSQL leaks in
unset PYTHONPATH PYTHONHOME PYTHONSTARTUP ODOO_RC OPENERP_SERVER PGDATABASE PGSERVICE PGOPTIONS
# what runs here talks to itself directly, whatever proxy the machine has
export no_proxy=127.0.0.1,localhost${no_proxy:+,$no_proxy}
export NO_PROXY=$no_proxy
export LC_ALL=C.UTF-8 PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_INPUT=1
export CROWD_T0=${CROWD_T0:-$(date +%s)}

say() {
  local t=$(($(date +%s) - CROWD_T0))
  printf '[%2d:%02d] %s\n' $((t / 60)) $((t % 60)) "$*" >&2
}

fail() {
  say "STOP: $1"
  shift
  [ $# = 0 ] || printf '        %s\n' "$@" >&2
  exit 1
}

need() { # need PROGRAM ADVICE
  command -v "$1" >/dev/null || fail "the program '$1' is missing" "$2"
}

# step LOG TEXT COMMAND...: run it quietly, show that time passes, explain a failure
step() {
  local log=$LOCAL/log/$1.log text=$2 start=$SECONDS rc ticker
  shift 2
  say "$text"
  (while sleep 20 && kill -0 $$; do say "  ... still at it, $((SECONDS - start)) s"; done) 8>&- 9>&- &
  ticker=$!
  set +e
  (set -e; "$@") >"$log" 2>&1 </dev/null
  rc=$?
  set -e
  { kill "$ticker" && wait "$ticker"; } 2>/dev/null || true
  [ $rc = 0 ] || explain "$log" "$text"
}

free_mb() { df -Pm "$LOCAL" | awk 'NR == 2 {print $4}'; }

explain() { # explain LOG TEXT: stop with what to do
  local log=$1 again="Then run the same command again: it continues where it stopped."
  tail -n "${CROWD_LOG_LINES:-15}" "$log" | sed 's/^/        | /' >&2
  if grep -qiE 'no space left|not enough free space|errno 28|disk quota' "$log" || [ "$(free_mb)" -lt 20 ]; then
    fail "$2: the disk is full" "Free some space on the disk of $ROOT (a full set-up takes about 3 GB). $again"
  elif grep -qiE 'no_pubkey|is not signed|badsig|not available for package authentication' "$log"; then
    fail "$2: the packages could not be authenticated" \
      "Install the package debian-archive-keyring, or set CROWD_APT_KEYRING. $again"
  elif grep -qiE 'does not have a release file|404 +not found|no longer has a release file' "$log"; then
    fail "$2: the Debian mirror does not carry it" \
      "Set CROWD_APT_MIRROR to a mirror or an archive that has the suite (CONTRIBUTING.md, Settings). $again"
  elif grep -qiE 'could not resolve|temporary failure|name or service not known|network is unreachable|could not connect|connection (refused|timed out|reset|failed)|newconnectionerror|failed to (fetch|resolve)|max retries|timed out' "$log"; then
    fail "$2: the network or the package registry does not answer" \
      "Check the connection (and proxy settings of apt and pip). $again"
  fi
  fail "$2 failed" "The whole log is in $log."
}

hash() { cat -- "$@" 2>/dev/null | sha256sum | cut -c1-16; }
hash_of() { printf '%s\n' "$@" | sha256sum | cut -c1-16; }
is_done() { [ "$(cat "$LOCAL/stamp/$1" 2>/dev/null)" = "$2" ]; }
mark() { echo "$2" >"$LOCAL/stamp/$1"; }

lock() { # one make at a time in this clone; daemons must not inherit fd 9
  [ -z "${CROWD_LOCKED:-}" ] || return 0
  exec 9>>"$LOCAL/lock"
  if ! flock -n 9; then
    say "waiting: another command works here ($(cat "$LOCAL/lock.owner" 2>/dev/null))"
    flock -w "${CROWD_LOCK_WAIT:-3600}" 9 || fail "the other command is still running" "Wait for it or end it, then try again."
  fi
  echo "process $$, ${0##*/}" >"$LOCAL/lock.owner"
  export CROWD_LOCKED=$$
}

# where Odoo lies: its folder for sys.path and its addons
odoo_home() { [ -z "${CROWD_ODOO:-}" ] && echo "$LOCAL/odoo/usr/lib/python3/dist-packages" || echo "$CROWD_ODOO"; }
addons_path() {
  local home dir list=
  home=$(odoo_home)
  for dir in "$home/odoo/addons" "$home/addons" "$VENV"/lib/python3.9/site-packages/odoo/addons "$ROOT"; do
    [ ! -d "$dir" ] || list=$list,$dir
  done
  echo "${list#,}"
}

pg_env() { # PGHOST ... of the running cluster, and its programs on PATH
  [ -r "$LOCAL/pg.env" ] || fail "there is no database server yet" "Run 'make setup' first."
  set -a
  . "$LOCAL/pg.env"
  set +a
  [ -z "${PGBIN:-}" ] || PATH=$PGBIN:$PATH
}

db() { "$VENV/bin/python" "$ROOT/scripts/db.py" "$@"; }
odoo() { "$ROOT/scripts/odoo" "$@"; }

port_busy() { (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null; }

# everything of the addon that ends up in a database or a process
addon_hash() {
  (cd "$ROOT" && find crowd_service -type f ! -path '*/tests/*' ! -path '*/__pycache__/*' ! -path '*/readme/*' -print0 |
    sort -z | xargs -0r sha256sum) | sha256sum | cut -c1-16
}
