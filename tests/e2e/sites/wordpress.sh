#!/usr/bin/env bash
# A WordPress to be crawled: Debian's package under PHP's own web server, with a MariaDB that listens on a
# socket only. All of it lives in DIR and on 127.0.0.1.
#
#   wordpress.sh start  DIR PORT              make, fill and serve the site; prints its address
#   wordpress.sh post   DIR TITLE TEXT        publish an article; prints its number
#   wordpress.sh add    DIR POST COUNT TEXT   add comments to an article; prints their numbers
#   wordpress.sh edit   DIR COMMENT TEXT      change a comment
#   wordpress.sh del    DIR comment|post ID   delete one for good
#   wordpress.sh counts DIR                   published articles and approved comments
#   wordpress.sh stop   DIR                   stop what `start` started
#
# DIR/truth.jsonl tells what a crawler has to find, one article or comment a line:
#   {"kind":"post","id":1,"title":"…","date_gmt":"…"}
#   {"kind":"comment","id":7,"parent":0,"post":1,"author":"…","odd":false,"text":"…","date_gmt":"…"}
# Wants the packages wordpress, wordpress-theme-twentytwentyone, mariadb-server, php-cli, php-mysql, php-xml,
# php-mbstring and php-curl; installs nothing.
set -euo pipefail

usage() { sed -n '2,/^set /{/^set /d;s/^# \{0,1\}//;p}' "$0" >&2; exit 2; }
[ $# -ge 2 ] || usage
action=$1 dir=$2
shift 2
here=$(cd "$(dirname "$0")" && pwd)
site=$dir/site database=$dir/database socket=$dir/database/db.sock

seed() { php -d sendmail_path=/bin/true -d display_errors=stderr -d memory_limit=512M "$here/seed.php" "$site" "$@"; }
sql() { mariadb --no-defaults --socket="$socket" --user=root --batch --skip-column-names "$@"; }

# until_true SECONDS COMMAND…
until_true() {
  local last=$((SECONDS + $1))
  shift
  until "$@" >/dev/null 2>&1; do
    [ $SECONDS -lt $last ] || return 1
    sleep 0.1
  done
}

start_database() {
  local owner
  owner=$(id -un)
  # MariaDB refuses to run as root.
  if [ "$(id -u)" = 0 ]; then owner=mysql; fi
  mkdir -p "$database"
  if [ "$owner" = mysql ]; then chown mysql: "$database"; fi
  mariadb-install-db --no-defaults --user="$owner" --datadir="$database/files" --skip-test-db \
    --auth-root-authentication-method=normal >"$dir/install.log" 2>&1
  mariadbd --no-defaults --user="$owner" --datadir="$database/files" --socket="$socket" --skip-networking \
    --pid-file="$database/db.pid" --character-set-server=utf8mb4 --skip-log-bin --innodb-buffer-pool-size=48M \
    --innodb-log-file-size=12M --innodb-flush-log-at-trx-commit=0 >"$dir/database.log" 2>&1 &
  until_true 60 sql -e 'select 1' || { tail -n 20 "$dir/database.log" >&2; exit 1; }
  sql -e 'create database site character set utf8mb4'
}

lay_out_site() {
  local port=$1
  # Only what WordPress needs: links inside the package lead out of it, so they are followed.
  cp -rL /usr/share/wordpress "$site" 2>/dev/null || [ -e "$site/wp-load.php" ]
  rm -f "$site/wp-config.php"
  cat >"$site/wp-config.php" <<PHP
<?php
\$table_prefix = 'wp_';
foreach ([
  'DB_NAME' => 'site', 'DB_USER' => 'root', 'DB_PASSWORD' => '', 'DB_HOST' => 'localhost:$socket',
  'DB_CHARSET' => 'utf8mb4', 'DB_COLLATE' => '',
  'WP_HOME' => 'http://127.0.0.1:$port', 'WP_SITEURL' => 'http://127.0.0.1:$port',
  'WP_HTTP_BLOCK_EXTERNAL' => true, 'DISABLE_WP_CRON' => true, 'AUTOMATIC_UPDATER_DISABLED' => true,
] as \$name => \$value) {
  define(\$name, \$value);
}
foreach (['AUTH', 'SECURE_AUTH', 'LOGGED_IN', 'NONCE'] as \$name) {
  define(\$name . '_KEY', 'only for tests');
  define(\$name . '_SALT', 'only for tests');
}
if (!defined('ABSPATH')) {
  define('ABSPATH', __DIR__ . '/');
}
require_once ABSPATH . 'wp-settings.php';
PHP
  cat >"$dir/router.php" <<'PHP'
<?php
// What is a file is served as one; all else is WordPress's.
$root = $_SERVER['DOCUMENT_ROOT'];
$path = rtrim(parse_url($_SERVER['REQUEST_URI'], PHP_URL_PATH), '/');
if ($path !== '' && is_file($root . $path)) {
  return false;
}
$_SERVER['SCRIPT_NAME'] = $_SERVER['PHP_SELF'] = '/index.php';
chdir($root);
require $root . '/index.php';
PHP
}

serve() {
  local port=$1
  PHP_CLI_SERVER_WORKERS=3 setsid php -d display_errors=0 -d memory_limit=256M -S "127.0.0.1:$port" \
    -t "$site" "$dir/router.php" >"$dir/web.log" 2>&1 &
  echo $! >"$dir/web.pid"
  until_true 60 curl -sf "http://127.0.0.1:$port/wp-json/wp/v2/posts?per_page=1" \
    || { tail -n 20 "$dir/web.log" >&2; exit 1; }
}

stop_one() {
  local file=$1 group=$2 pid
  [ -s "$file" ] || return 0
  pid=$(cat "$file")
  kill -- "$group$pid" 2>/dev/null || true
  until_true 20 sh -c "! kill -0 $pid" || kill -9 -- "$group$pid" 2>/dev/null || true
  rm -f "$file"
}

case $action in
  start)
    [ $# = 1 ] || usage
    for program in php curl mariadbd mariadb-install-db; do
      command -v $program >/dev/null || { echo "wordpress.sh: $program is missing" >&2; exit 2; }
    done
    mkdir -p "$dir"
    chmod 755 "$dir"
    start_database
    lay_out_site "$1"
    seed fill "$dir/truth.jsonl" >"$dir/seed.log" 2>&1 || { tail -n 20 "$dir/seed.log" >&2; exit 1; }
    serve "$1"
    echo "http://127.0.0.1:$1/"
    ;;
  post) [ $# = 2 ] || usage; seed post "$@" ;;
  add) [ $# = 3 ] || usage; seed add "$@" ;;
  edit) [ $# = 2 ] || usage; seed edit "$@" ;;
  del) [ $# = 2 ] || usage; seed del "$@" ;;
  counts)
    sql site -e "select 'posts', count(*) from wp_posts where post_type = 'post' and post_status = 'publish'
      union all select 'comments', count(*) from wp_comments where comment_approved = '1' and comment_type = 'comment'"
    ;;
  stop)
    stop_one "$dir/web.pid" -
    stop_one "$database/db.pid" ''
    ;;
  *) usage ;;
esac
