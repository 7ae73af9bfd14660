#!/usr/bin/env bash
# The shipped configuration and the examples in it, read by the program itself.
set -uo pipefail
cd "$(dirname "$0")/../.."
failed=0
cp -r config "$E2E_DIR/config"

check() { MINSHENG_SMTP_PASSWORD=x "$MINSHENG_BIN" check --config "$E2E_DIR/config" --dictionaries dictionaries --data "$E2E_DIR/data" 2>&1; }

# expect NAME STATUS WORDS: the check must end so and say so.
expect() {
  local name=$1 wanted=$2 words=$3 said status=0
  said=$(check) || status=$?
  if [ "$status" = "$wanted" ] && grep -qF -- "$words" <<<"$said"; then echo "ok $name"; else
    failed=1
    echo "not ok $name: exit status $status, wanted $wanted with '$words': $(tail -n 3 <<<"$said" | tr '\n' ' ')"
  fi
}

expect 'the shipped configuration is sound' 0 ''

sed -i 's/^#| //' "$E2E_DIR/config/sources/example.toml"
grep -q '^\[\[source\]\]' "$E2E_DIR/config/sources/example.toml" || { failed=1; echo 'not ok the examples are found: none in sources/example.toml'; }
expect 'every example of a source is sound' 0 ''

line=$(grep -n '^kind = "wordpress"' "$E2E_DIR/config/sources/example.toml" | cut -d: -f1)
sed -i "${line}s/.*/knid = \"wordpress\"/" "$E2E_DIR/config/sources/example.toml"
expect 'a wrong key is told with file and line' 2 "sources/example.toml:$line"
expect 'and with the nearest right one' 2 '`kind`'
exit $failed
