#!/usr/bin/env python3
"""The dictionary workbench on the dictionaries that ship and on a changed copy of them: `dict lint`, `dict diff` and
`dict try`, what decided in `assess --why` and in the API, and bad usage of each.
"""

import json
import shutil

from lib import DIRECTORY, PROGRAM, REPOSITORY, Daemon, case, finish, run, same, wait_for

SHIPPED = REPOSITORY / "dictionaries"
OUTAGE = "望江花园停水两天了，家里老人没法做饭，物业电话没人接"
# One word decides, whatever the model makes of the rest.
FIRE = "望江花园3号楼着火了，好大的烟"
CALM = "今天星期二，天气很好"


def minsheng(*arguments, dictionaries=SHIPPED, stdin="", check=False):
    places = ["--config", REPOSITORY / "config", "--dictionaries", dictionaries, "--data", DIRECTORY / "none"]
    done = run([PROGRAM, "dict", *arguments, *places], check=check, stdin=stdin)
    for told in (done.stdout, done.stderr):
        assert "panicked" not in told and "\x1b" not in told, told[:400]
    return done


def copy(name):
    here = DIRECTORY / name
    shutil.copytree(SHIPPED, here)
    return here


def header(owner="本台"):
    columns = "term\tcategory\tkind\tweight\tmode\twindow\tvariants\tunless\tfrom\tuntil\towner\tnote"
    return f"# owner: {owner}\n{columns}\n"


def line_of(directory, place):
    """The line that `file:line` names."""
    file, line = place.rsplit(":", 1)
    return (directory / file).read_text().splitlines()[int(line) - 1]


def row(term, category, kind="", weight="", mode="", unless="", begins=""):
    return f"{term}\t{category}\t{kind}\t{weight}\t{mode}\t\t\t{unless}\t{begins}\t\t本台\t\n"


# A copy with a heavier row, one switched off, new ones, a name for a place and a department of another name.
changed = copy("changed")
(changed / "site").mkdir()
(changed / "site/90-desk.tsv").write_text(
    header() + row("停水", "utilities", "severity", "3") + row("无人机表演", "conduct", weight="6")
    + row("停水", "utilities.water", weight="20") + row("没人接", "-", "neg", "off") + row("望江水厂", "utilities", weight="10", begins="2030-01-01"))
(changed / "site/places.tsv").write_text("place\tparent\ttype\talias\n临江大平台\t\tvenue\t临江台\n")
categories = changed / "categories.toml"
categories.write_text(categories.read_text().replace('name = "公共安全"', 'name = "公共安全改"', 1))

sample = DIRECTORY / "sample.jsonl"
sample.write_text("".join(json.dumps({"id": f"p{number}", "text": text}, ensure_ascii=False) + "\n"
                          for number, text in enumerate([OUTAGE, CALM] * 20)))

# --- lint ---------------------------------------------------------------------------------------------------

with case("dict lint: the shipped dictionaries have no fault; findings are told as by `check`, and counted"):
    done = minsheng("lint")
    same(done.returncode, 0, f"exit status; it said {done.stderr[-300:]}")
    assert " dictionary rows (version " in done.stdout, done.stdout
    told = minsheng("lint", "--json")
    warnings = [json.loads(line) for line in told.stdout.splitlines()]
    same(len(warnings), len(done.stderr.splitlines()), "findings")
    assert all(found["weight"] == "warning" for found in warnings), warnings[:3]

with case("dict lint: every fault with file, line and mend, warnings beside; exit 1"):
    broken = copy("broken")
    wrong = header() + row("停水停水", "utilites") + row("断", "utilities") + row("我们", "utilities")
    (broken / "90-wrong.tsv").write_text(wrong)
    done = minsheng("lint", broken)
    same(done.returncode, 1, "exit status")
    for wanted in [f"{broken}/90-wrong.tsv:3: unknown category `utilites`; did you mean `utilities`?",
                   f"{broken}/90-wrong.tsv:4: term `断` is one character", f"{broken}/90-wrong.tsv:5: warning: `我们`",
                   "2 faults, "]:
        assert wanted in done.stderr, f"{wanted}: {done.stderr}"
    told = minsheng("lint", broken, "--json")
    same(told.returncode, 1, "exit status with --json")
    found = [json.loads(line) for line in told.stdout.splitlines()]
    same([one["line"] for one in found if one["weight"] == "error"], [3, 4], "lines of the faults")

with case("dict lint --sample: rows that find too much, nothing, or parts of other words; a bad row is told, exit 1"):
    posts = DIRECTORY / "posts.jsonl"
    lines = [json.dumps({"text": text}, ensure_ascii=False) for text in [OUTAGE] * 30 + [CALM] * 470]
    posts.write_text("\n".join(lines) + "\n")
    done = minsheng("lint", "--sample", posts)
    same(done.returncode, 0, f"exit status; it said {done.stderr[-300:]}")
    assert "`停水` is found in 30 of 500 posts of the sample (6.0 %)" in done.stderr, done.stderr[-600:]
    assert "more rows of this file" in done.stderr and " rows find nothing" in done.stdout, done.stdout
    told = minsheng("lint", "--sample", posts, "--json")
    silent = [one for one in map(json.loads, told.stdout.splitlines()) if "finds nothing" in one["what"]]
    assert f", {len(silent)} rows find nothing" in done.stdout, (len(silent), done.stdout)
    posts.write_text("\n".join([*lines, '{"text": 7}']) + "\n")
    done = minsheng("lint", "--sample", posts)
    same(done.returncode, 1, "exit status with a bad row")
    assert f"{posts}:501: " in done.stderr and "1 row could not be used" in done.stderr, done.stderr[-300:]

# --- try ----------------------------------------------------------------------------------------------------

with case("dict try: a page with words, hits by file and line, clauses, score and what decided"):
    done = minsheng("try", FIRE, check=True)
    for wanted in ["民声试判", "着火/了", "部门  消防救援支队", "评分", "合计", "命中 ", "分句", "去掉一处会怎样", "去掉“着火”"]:
        assert wanted in done.stdout, f"{wanted}: {done.stdout}"
    place = next(line.split() for line in done.stdout.splitlines() if line.startswith("  着火 "))
    place = next(word for word in place if ".tsv:" in word)
    assert line_of(SHIPPED, place).startswith("着火\t"), place
    same(minsheng("try", stdin=FIRE + "\n", check=True).stdout, done.stdout, "what standard input gives")

with case("dict try --json: the record of the assessment, the rows behind it, and what decided; factors add up"):
    told = json.loads(minsheng("try", json.dumps({"title": "求助", "text": FIRE, "likes": 9}), "--json", check=True).stdout)
    same("".join(told["text"][start:end] for start, end in told["words"]), told["text"], "the words")
    record = told["assessment"]
    same(round(sum(line["points"] for line in record["factors"]), 1), round(record["sensitivity"], 1), "sum of factors")
    same(len(told["hits"]), len(record["hits"]), "hits")
    for hit in told["hits"]:
        assert line_of(SHIPPED, f"{hit['row']['file']}:{hit['row']['line']}").split("\t")[0], hit
    decisive = told["counterfactual"]
    assert 0 < len(decisive) <= 5 and all(one["grade"] != record["grade"] for one in decisive), decisive
    assert any(one["term"] == "着火" for one in decisive), decisive

with case("dict try: what keeps a row out is told with the row; --dictionaries and --at hold as everywhere"):
    told = json.loads(minsheng("try", "信息爆炸的时代", "--json", check=True).stdout)
    kept = [one for one in told["kept_out"] if one["row"]["term"] == "爆炸"]
    assert kept and all("爆炸" in one["by"]["unless"] for one in kept), told["kept_out"]
    word = "望江水厂"
    for day, hits in [("2029-12-31", 0), ("2030-01-01", 1)]:
        told = json.loads(minsheng("try", word, "--at", day, "--json", dictionaries=changed, check=True).stdout)
        same(sum(hit["row"]["term"] == word for hit in told["hits"]), hits, f"hits on {day}")
        same(sum(one["by"] == "date" for one in told["kept_out"] if one["row"]["term"] == word), 1 - hits, f"asleep on {day}")

# --- diff ---------------------------------------------------------------------------------------------------

with case("dict diff: counts first, then rows by file and category with what they do, categories, places"):
    done = minsheng("diff", changed, check=True)
    heading, counts = done.stdout.splitlines()[:2]
    assert f"{SHIPPED}（" in heading and f" → {changed}（" in heading, heading
    assert counts.startswith("词条：新增 5，删除 0，改动 0，压过下层 1，停用下层 1；"), counts
    for wanted in ["site/90-desk.tsv  新增 5", "+ 停水  severity 3", "+ 无人机表演  topic 6",
                   "+ 停水  topic 20；取代 停水 (16-utilities.tsv:", "停用 没人接 (51-sentiment-negative.tsv:", "名称 公共安全 → 公共安全改",
                   "+ 临江大平台"]:
        assert wanted in done.stdout, f"{wanted}: {done.stdout}"
    same(minsheng("diff", SHIPPED, changed, check=True).stdout, done.stdout, "what two directories give")
    assert "没有差别" in minsheng("diff", SHIPPED, check=True).stdout
    told = json.loads(minsheng("diff", changed, SHIPPED, "--json", check=True).stdout)
    same((told["difference"]["counts"]["added"], told["difference"]["counts"]["removed"]), (0, 5), "the other way round")
    same({one["before"]["file"] for one in told["difference"]["rows"]}, {"site/90-desk.tsv"}, "files")

with case("dict diff --sample: how many posts shift, the first twenty with old and new grade and why"):
    done = minsheng("diff", changed, "--sample", sample, check=True)
    assert "40 帖，20 帖研判不同：更急 20，更缓 0" in done.stdout, done.stdout[-900:]
    assert "新命中 停水（severity 3）" in done.stdout, done.stdout[-900:]
    told = json.loads(minsheng("diff", changed, "--sample", sample, "--json", check=True).stdout)["sample"]
    same((told["posts"], told["shifted"], len(told["first"])), (40, 20, 20), "posts, shifted, shown")
    first = told["first"][0]
    same(first["id"], "p0", "the first post that shifts")
    single = json.loads(minsheng("try", OUTAGE, "--json", dictionaries=changed, check=True).stdout)["assessment"]
    same((first["after"]["grade"], first["after"]["sensitivity"]), (single["grade"], single["sensitivity"]), "the new grade")

# --- what decided -------------------------------------------------------------------------------------------

with case("assess --why adds what decided to each line, and nothing else changes"):
    places = ["--config", REPOSITORY / "config", "--dictionaries", SHIPPED]
    text = f"{FIRE}\n{CALM}\n"
    plain = [json.loads(line) for line in run([PROGRAM, "assess", *places], stdin=text).stdout.splitlines()]
    told = [json.loads(line) for line in run([PROGRAM, "assess", "--why", *places], stdin=text).stdout.splitlines()]
    assert all("counterfactual" not in record for record in plain), plain
    same(bool(told[0]["counterfactual"]), True, "what decided the first")
    same(told[1]["counterfactual"], [], "what decided the second")
    same([{key: value for key, value in record.items() if key != "counterfactual"} for record in told], plain, "the rest")

with case("the API tells what decided, by the dictionaries that judged the post"):
    daemon = Daemon("desk").start()
    daemon.push({"source": "forum", "id": "w1", "text": FIRE, "likes": 4})
    post = wait_for("the post", lambda: daemon.get("/api/v1/posts", source="forum", external_id="w1")["items"])[0]
    whole = daemon.get(f"/api/v1/posts/{post['id']}")
    grade = whole["assessment"]["grade"]
    assert whole["counterfactual"] and all(one["grade"] != grade for one in whole["counterfactual"]), whole["counterfactual"]
    # More readers change its counts, not what judged it.
    daemon.push({"source": "forum", "id": "w1", "text": FIRE, "likes": 400})
    wait_for("the new count", lambda: daemon.get(f"/api/v1/posts/{post['id']}")["likes"] == 400)
    same(daemon.get(f"/api/v1/posts/{post['id']}")["counterfactual"], whole["counterfactual"], "what decided")
    daemon.stop()

# --- bad usage ----------------------------------------------------------------------------------------------

with case("dict: bad usage is told and ends with 2"):
    nowhere = DIRECTORY / "nowhere"
    for arguments, wanted in [
        (["lint", nowhere], "is no directory"), (["lint", "--sample", nowhere], "cannot read"),
        (["lint", "--sampel", sample], "--sample"), (["diff"], "<A>"), (["diff", nowhere], "is no directory"),
        (["diff", changed, broken], "did you mean `utilities`"), (["diff", changed, "--sample", nowhere], "cannot read"),
        (["try", " "], "there is no text"), (["try", "{"], "not a post"), (["try", "停水", "--at", "tomorrow"], "tomorrow"),
        (["try", '{"text": "停水", "published_at": "2999-01-01T00:00:00+08:00"}'], "in the future"),
        (["tri", "停水"], "try"),
    ]:
        done = minsheng(*arguments)
        same(done.returncode, 2, f"exit status of {arguments}: {done.stderr}")
        assert wanted in done.stderr and not done.stdout, f"{arguments}: {done.stderr} {done.stdout}"
    for command in ["lint", "diff", "try"]:
        assert "Example" in minsheng(command, "--help", check=True).stdout, command

finish()
