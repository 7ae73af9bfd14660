#!/usr/bin/env bash
# What stands in deploy/, held against the programs it is for: systemd, nginx, Prometheus.
set -uo pipefail
cd "$(dirname "$0")/../.."
failed=0

# try NAME COMMAND…: one case; what the command says becomes the reason.
try() {
  local name=$1 said
  shift
  if said=$("$@" 2>&1); then echo "ok $name"; else
    failed=1
    echo "not ok $name: $(tail -n 3 <<<"$said" | tr '\n' ' ')"
  fi
}

unit_is_sound() {
  # The program is not installed where the unit expects it; everything else must be right.
  sed "s|/usr/local/bin/minsheng |/bin/true |" deploy/minsheng.service >"$E2E_DIR/minsheng.service"
  local said
  said=$(systemd-analyze verify "$E2E_DIR/minsheng.service" 2>&1) || { echo "$said"; return 1; }
  [ -z "$(grep minsheng.service <<<"$said")" ] || { echo "$said"; return 1; }
}

unit_is_hardened() {
  local score
  score=$(systemd-analyze security --offline=true deploy/minsheng.service | sed -n 's/.*Overall exposure level[^:]*: \([0-9.]*\).*/\1/p')
  echo "exposure level: ${score:-unknown}, at most 2.0 is wanted"
  [ -n "$score" ] && awk -v score="$score" 'BEGIN { exit !(score <= 2.0) }'
}

# A breach of the rule must be told, else the case above proves nothing.
soft_unit_is_told() {
  local soft=$E2E_DIR/soft.service score
  grep -vE '^(Protect|Private|Restrict|SystemCall|Capability|DynamicUser|NoNew)' deploy/minsheng.service >"$soft"
  score=$(systemd-analyze security --offline=true "$soft" | sed -n 's/.*Overall exposure level[^:]*: \([0-9.]*\).*/\1/p')
  echo "a unit without its hardening has $score"
  [ -n "$score" ] && awk -v score="$score" 'BEGIN { exit !(score > 2.0) }'
}

rules_are_rules() { promtool check rules deploy/alerts.yml; }
scrape_is_sound() { promtool check config deploy/prometheus.yml; }
rules_fire() {
  cp deploy/alerts.yml tests/e2e/deploy/alerts_test.yml "$E2E_DIR/" && (cd "$E2E_DIR" && promtool test rules alerts_test.yml)
}

# Every metric that the alerts speak of is one that the program has.
metrics_exist() {
  local name known status=0
  for name in $(grep -v '^ *#' deploy/alerts.yml | grep -oE 'minsheng_[a-z_]+' | sed -E 's/_(bucket|count|sum)$//' | sort -u); do
    known=$(grep -cF "\"$name\"" src/telemetry.rs)
    [ "$known" = 1 ] || { echo "$name is no metric of src/telemetry.rs"; status=1; }
  done
  return $status
}

# nginx with the sample, on free ports, in front of a stand-in that sends one event and then stays silent.
port() { python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'; }

prepare_proxy() {
  local dir=$E2E_DIR/nginx back front plain
  back=$(port) front=$(port) plain=$(port)
  mkdir -p "$dir/tmp"
  openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=desk.example \
    -addext subjectAltName=DNS:desk.example -keyout "$dir/privkey.pem" -out "$dir/fullchain.pem" || return
  sed -e "s|127.0.0.1:8686|127.0.0.1:$back|" -e "s|/etc/minsheng/tls|$dir|" -e '/listen \[::\]/d' \
    -e "s|listen 443|listen 127.0.0.1:$front|" -e "s|listen 80|listen 127.0.0.1:$plain|" deploy/nginx.conf >"$dir/minsheng.conf"
  {
    echo "daemon off; pid $dir/pid; error_log $dir/error.log; worker_processes 1;"
    [ "$(id -u)" != 0 ] || echo 'user root;'
    echo 'events {}'
    echo "http { access_log off; client_body_temp_path $dir/tmp/b; proxy_temp_path $dir/tmp/p;"
    echo "fastcgi_temp_path $dir/tmp/f; uwsgi_temp_path $dir/tmp/u; scgi_temp_path $dir/tmp/s; include $dir/minsheng.conf; }"
  } >"$dir/nginx.conf"
  echo "$back $front $plain" >"$dir/ports"
}

proxy_is_sound() { prepare_proxy && nginx -t -p "$E2E_DIR/nginx" -c "$E2E_DIR/nginx/nginx.conf" -e "$E2E_DIR/nginx/error.log"; }

through_proxy() { curl -sS --max-time 10 --cacert "$E2E_DIR/nginx/fullchain.pem" --resolve "desk.example:$front:127.0.0.1" "$@"; }

events_pass_at_once() {
  local line=''
  # The stand-in never ends its answer: only an unbuffered proxy lets the event through within the time.
  IFS= read -rt 10 line < <(through_proxy -N "https://desk.example:$front/api/v1/stream" 2>/dev/null)
  kill $! 2>/dev/null
  echo "first line: ${line:-none}"
  [ "$line" = 'data: live' ]
}

claimed_addresses_are_dropped() {
  local seen
  seen=$(through_proxy -H 'X-Forwarded-For: 203.0.113.7' -H 'Forwarded: for=203.0.113.7' "https://desk.example:$front/headers")
  echo "$seen"
  grep -qi '^x-forwarded-for: 127.0.0.1$' <<<"$seen" && grep -qi '^host: desk.example$' <<<"$seen" &&
    grep -qi '^x-forwarded-proto: https$' <<<"$seen" && ! grep -q 203.0.113.7 <<<"$seen"
}

metrics_stay_inside() { [ "$(through_proxy -o /dev/null -w '%{http_code}' "https://desk.example:$front/metrics")" = 404 ]; }

plain_http_is_sent_to_tls() {
  local to
  to=$(curl -sS --max-time 10 -o /dev/null -w '%{http_code} %{redirect_url}' -H 'Host: desk.example' "http://127.0.0.1:$plain/a?b=c")
  echo "$to"
  [ "$to" = '301 https://desk.example/a?b=c' ]
}

# Waits until something listens on a port.
listens() { for _ in $(seq 100); do (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null && return; read -rt 0.1 <> <(:) || :; done; return 1; }

with_proxy() {
  local dir=$E2E_DIR/nginx back front plain servers
  read -r back front plain <"$dir/ports"
  python3 tests/e2e/deploy/stand_in.py "$back" & servers=$!
  nginx -p "$dir" -c "$dir/nginx.conf" -e "$dir/error.log" & servers+=" $!"
  if listens "$back" && listens "$front"; then
    try 'events pass the proxy at once' events_pass_at_once
    try 'addresses that clients claim do not pass the proxy' claimed_addresses_are_dropped
    try 'the proxy keeps the metrics inside' metrics_stay_inside
    try 'plain HTTP is sent to TLS' plain_http_is_sent_to_tls
  else
    try 'the proxy starts' tail -n 3 "$dir/error.log" /dev/null /no/such
  fi
  kill $servers
  wait $servers 2>/dev/null
}

try 'systemd takes the unit' unit_is_sound
try 'the unit is hardened to 2.0 or better' unit_is_hardened
try 'a unit without hardening would be told' soft_unit_is_told
try 'Prometheus takes the alert rules' rules_are_rules
try 'the alert rules fire when they should' rules_fire
try 'Prometheus takes the scrape sample' scrape_is_sound
try 'alerts speak of metrics that exist' metrics_exist
try 'nginx takes the proxy sample' proxy_is_sound
[ ! -e "$E2E_DIR/nginx/ports" ] || with_proxy
exit $failed
