#!/usr/bin/env python3
"""The dictionary workbench on many posts: what rows do, which words are missing, what a change would do; on files and
on what a desk has stored, also while its daemon runs.
"""

import contextlib
import datetime
import json
import shutil

from lib import DIRECTORY, REPOSITORY, Daemon, case, files_holding, finish, same

NOW = datetime.datetime.now(datetime.timezone(datetime.timedelta(hours=8))).replace(microsecond=0)

# Text, category and grade, as people of a desk would label them.
MATTERS = [
    ("三号楼着火了，浓烟滚滚，有两个老人被困在三楼", "safety", "red"),
    ("锅炉房爆炸，死了两个人，还有人被困", "safety", "red"),
    ("云锦苑停水三天了，老人没法做饭，没人管", "utilities", "yellow"),
    ("锦华里停水两天，物业电话没人接", "utilities", "yellow"),
    ("今天停水吗？水压好小", "utilities", "blue"),
    ("停水通知贴错了楼，害我白等", "housing", "blue"),
    ("清荷小学食堂吃完午饭，班里7个孩子呕吐送医院", "food", "orange"),
    ("滨海大道上集卡排成长龙，孩子过不去", "traffic", "blue"),
    ("半夜集卡按喇叭，窗户都震", "traffic", "blue"),
    ("又是集卡抢道，自行车没处躲", "traffic", "blue"),
    ("校门口都是集卡，家长提心吊胆", "traffic", "blue"),
    ("港口那边集卡扬尘，早高峰更糟", "traffic", "blue"),
    ("限行的集卡照样进城，谁来管管", "traffic", "blue"),
    ("两辆集卡并排堵住匝道", "traffic", "blue"),
    ("夜里集卡超速，路面压出坑，打13800138000没人接", "traffic", "blue"),
    ("司机王梓涵在路口疏导，大家夸王梓涵", "traffic", "blue"),
    ("路口找王梓涵帮忙推自行车", "traffic", "blue"),
    ("早高峰王梓涵又在路口", "traffic", "blue"),
    ("斑马线边王梓涵扶老人过街", "traffic", "blue"),
    ("公交站牌旁王梓涵指路", "traffic", "blue"),
    ("匝道口王梓涵挥旗子", "traffic", "blue"),
]
CHATTER = [
    "今天天气真好，出门散步", "晚饭吃面条还是米饭", "新买的花盆到了，颜色好看", "周末一起去爬山吧", "这首歌循环了一天",
    "猫又把杯子打翻了", "电影票买好了，等你", "书看了一半睡着了", "阳光照在窗台上", "楼下的桂花开了", "外婆寄来一箱橘子",
    "篮球赛赢了两分", "咖啡加不加糖随你", "看见一只小狗摇尾巴", "月亮又圆又亮", "午睡醒来发了会呆", "给妈妈织了条围巾",
    "画了一张水彩", "跑了五公里，出汗", "今晚煮火锅",
]


def rows():
    labelled = MATTERS + [(text, "none", "none") for text in CHATTER]
    for number, (text, category, grade) in enumerate(labelled):
        # Within the day, so that none is too old to raise anything.
        at = NOW - datetime.timedelta(minutes=10 * (len(labelled) - number))
        yield {"id": f"p-{number}", "source": "town", "text": text, "published_at": at.isoformat(),
               "category": category, "grade": grade}


@contextlib.contextmanager
def judging_by(daemon, dictionaries):
    """The same desk with other dictionaries."""
    usual, daemon.dictionaries = daemon.dictionaries, dictionaries
    try:
        yield daemon
    finally:
        daemon.dictionaries = usual


def write(path, lines):
    path.write_text("".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines))
    return path


def row_of(stats, term, kind="topic"):
    return next(row for row in stats["rows"] if row["term"] == term and row["kind"] == kind)


def stats(daemon, posts):
    with case("workbench: `dict stats` tells of every row its hits and how often it was right, with Wilson's interval"):
        told = json.loads(daemon.cli("dict", "stats", posts, "--json").stdout)
        same((told["posts"], told["labelled"]), (len(MATTERS) + len(CHATTER),) * 2, "posts")
        cut = row_of(told, "停水")
        same((cut["right"]["right"], cut["right"]["of"], cut["instead"]), (3, 4, [["housing", 1]]), "停水")
        assert 0.30 < cut["right"]["low"] < 0.31 and 0.95 < cut["right"]["high"] < 0.96, cut
        page = daemon.cli("dict", "stats", posts).stdout
        assert page.startswith("民声词典统计") and "16-utilities" in page, page[:400]

    with case("workbench: one dictionary alone, by its name with or without number; an unknown one is told with the nearest"):
        for name in ("16-utilities", "16-utilities.tsv", "utilities"):
            page = daemon.cli("dict", "stats", posts, "--file", name).stdout
            assert "停水" in page and "从未命中" in page and "10-safety" not in page, page[:400]
        told = daemon.cli("dict", "stats", posts, "--file", "utilitys", check=False)
        same(told.returncode, 2, "exit status")
        assert "utilitys" in told.stderr and told.stdout == "", told.stderr


def suggest(daemon, posts):
    with case("workbench: `dict suggest` finds the missing word with examples and a row; no person, no number"):
        done = daemon.cli("dict", "suggest", posts, "--owner", "交通组", "--json")
        told = json.loads(done.stdout)
        found = {word["term"]: word for word in told["words"]}
        assert "集卡" in found, found
        word = found["集卡"]
        same((word["points_to"], word["form"]), ("traffic", "new"), "what it points to")
        assert word["examples"] and all(len(example) <= 42 for example in word["examples"]), word
        assert not any("梓涵" in term or "王" in term for term in found), found
        assert told["names_left_out"] > 0, told
        assert "13800138000" not in done.stdout

    with case("workbench: the suggested row is one that a dictionary takes"):
        changed = DIRECTORY / "with-row"
        shutil.copytree(daemon.dictionaries, changed)
        head = (changed / "18-traffic.tsv").read_text().splitlines()
        columns = next(line for line in head if line.startswith("term\t"))
        (changed / "site").mkdir()
        (changed / "site/90-new.tsv").write_text(f"# owner: 交通组\n{columns}\n{word['row']}\n")
        with judging_by(daemon, changed):
            told = daemon.cli("check", check=False)
            same(told.returncode, 0, f"exit status; {told.stderr}")
            again = json.loads(daemon.cli("dict", "suggest", posts, "--json").stdout)
        page = daemon.cli("dict", "suggest", posts, "--owner", "交通组").stdout
        assert word["row"] in page.splitlines(), page[-600:]
        assert "集卡" not in {one["term"] for one in again["words"]}, "it is in a dictionary now"


def blind():
    """Dictionaries without the words of danger."""
    here = DIRECTORY / "blind"
    shutil.copytree(REPOSITORY / "dictionaries", here)
    for name in ("10-safety.tsv", "30-severity.tsv", "31-urgency.tsv"):
        lines = (here / name).read_text().splitlines()
        kept = [line for line in lines if line.startswith("#") or line.startswith("term\t")]
        (here / name).write_text("\n".join(kept) + "\n")
    return here


def backtest(daemon, posts, without):
    arguments = ["dict", "backtest", posts, "--dictionaries-new", without]
    with case("workbench: a change that loses red posts says so at the top and ends with 1, unless that is accepted"):
        done = daemon.cli(*arguments, check=False)
        same(done.returncode, 1, f"exit status; {done.stderr}")
        assert "2 posts labelled red" in done.stderr and "--accept-lost-red" in done.stderr, done.stderr
        page = done.stdout
        assert page.startswith("民声回测"), page[:200]
        assert page.index("标注为红的帖有 2 条会判得更低") < page.index("预警（"), page[:600]
        same(daemon.cli(*arguments, "--accept-lost-red").returncode, 0, "exit status when it is accepted")

    with case("workbench: `dict backtest` names the incidents lost, the load by shift, and both sides against the labels"):
        told = json.loads(daemon.cli(*arguments, "--accept-lost-red", "--json").stdout)
        same([one["post"] for one in told["lost_reds"]], ["p-0", "p-1"], "lost reds")
        assert told["lost"] and not told["gained"], told["lost"]
        assert any(one["post"] in ("p-0", "p-1") and one["grade"] == "red" for one in told["lost"]), told["lost"]
        before = {one["grade"]: one["before"] for one in told["alerts"]}
        shifts = sum(sum(shift["before"]) for shift in told["load"])
        same(shifts, sum(before.values()), "alerts by shift and by grade")
        assert before["red"] >= 1, before
        same(told["labelled"]["rows"], len(MATTERS) + len(CHATTER), "labelled rows")
        red = told["labelled"]["levels"][-1]
        assert red["recall"][0]["right"] == 2 and red["recall"][1]["right"] == 0, red

    with case("workbench: the same posts give the same comparison, to the byte"):
        once = daemon.cli(*arguments, "--accept-lost-red", "--json").stdout
        same(daemon.cli(*arguments, "--accept-lost-red", "--json").stdout, once, "second run")

    with case("workbench: weights and rules alone can be tried, by `minsheng backtest` as well"):
        weights = DIRECTORY / "weights.toml"
        weights.write_text("grades = [2.0, 4.0, 6.0, 8.0]\n")
        told = json.loads(daemon.cli("dict", "backtest", posts, "--weights", weights, "--json").stdout)
        assert any(one["before"] == "blue" and one["after"] == "red" for one in told["moved"]), told["moved"]
        assert told["gained"] and told["weights"] == str(weights), told["gained"]
        few = DIRECTORY / "few.toml"
        few.write_text('[[rule]]\nname = "grave"\nwhen = { post = "red" }\n')
        told = json.loads(daemon.cli("backtest", posts, "--rules", few, "--json").stdout)
        assert told["moved"] == [] and told["lost"], told["lost"]
        assert told["before"]["rules"] != told["after"]["rules"], told["before"]


def stored(daemon, posts, labels, without):
    begun = (NOW - datetime.timedelta(days=1)).isoformat()
    with case("workbench: stored posts give the figures of their file, with labels joined by id"):
        of_file = json.loads(daemon.cli("dict", "stats", posts, "--json").stdout)
        of_store = json.loads(daemon.cli("dict", "stats", "--labels", labels, "--json").stdout)
        same(of_store, of_file, "figures of stored posts")
        bare = json.loads(daemon.cli("dict", "stats", "--json").stdout)
        same((bare["posts"], bare["labelled"]), (of_file["posts"], 0), "stored posts without labels")

    with case("workbench: the daemon runs on, and the workbench reads beside it what it has stored"):
        daemon.start()
        daemon.push({"id": "late", "source": "town", "text": "锦华里又停水了，急死人"})
        told = json.loads(daemon.cli("dict", "stats", "--json").stdout)
        same(told["posts"], len(MATTERS) + len(CHATTER) + 1, "posts beside a running daemon")
        daemon.stop()
        same(files_holding(daemon.data, ["13800138000"]), set(), "numbers stored")

    with case("workbench: `minsheng backtest` holds changed dictionaries against those in force on the data"):
        later = (NOW + datetime.timedelta(days=1)).isoformat()
        with judging_by(daemon, without):
            done = daemon.cli("backtest", "--since", begun, "--labels", labels, check=False)
            same(done.returncode, 1, f"exit status; {done.stderr}")
            assert "2 posts labelled red" in done.stderr, done.stderr
            told = json.loads(daemon.cli("backtest", "--since", begun, "--json").stdout)
            assert told["lost"] and told["labelled"] is None and told["untimed"] == 0, told["lost"]
            assert told["before"]["dictionary"] != told["after"]["dictionary"], told["before"]
            told = daemon.cli("backtest", "--since", later, check=False)
            same(told.returncode, 2, "exit status where there are no posts")


def bad_usage(daemon, posts):
    with case("workbench: what cannot be done is told with file, line and what to do; exit 2"):
        empty = DIRECTORY / "empty"
        broken = DIRECTORY / "broken.toml"
        broken.write_text('deth = 3\n')
        high = DIRECTORY / "high.toml"
        high.write_text('death = 300.0\n')
        for arguments, wanted in [
            (["dict", "stats", "--data", empty], "holds no journal"),
            (["dict", "suggest", posts, "--owner", " "], "--owner"),
            (["dict", "backtest", posts], "nothing is changed"),
            (["dict", "backtest", posts, "--weights", broken], "broken.toml:1"),
            (["dict", "backtest", posts, "--weights", high], "death"),
            (["dict", "backtest", posts, "--rules", DIRECTORY / "none.toml"], "none.toml"),
            (["dict", "backtest", posts, "--dictionaries-new", empty], "empty"),
            (["dict", "stats", posts, "--since", "gestern"], "since"),
            (["dict", "nonsense"], "nonsense"),
        ]:
            told = daemon.cli(*arguments, check=False)
            same(told.returncode, 2, f"exit status of {arguments}; {told.stderr}")
            assert wanted in told.stderr and "panicked" not in told.stderr, f"{arguments}: {told.stderr}"

    with case("workbench: rows that cannot be used are told by file and line, the others count; exit 1"):
        mixed = DIRECTORY / "mixed.jsonl"
        mixed.write_text('{"text":"停水了","grade":"purple"}\n\n{"text":"停水了","category":"utilities"}\nnothing\n'
                         '2026-03-01T08:00:00+08:00\ttown\t停电了\n{"text":"停水","published_at":"soon"}\n')
        told = daemon.cli("dict", "stats", mixed, "--json", check=False)
        same(told.returncode, 1, f"exit status; {told.stderr}")
        same(json.loads(told.stdout)["posts"], 2, "rows that count")
        for line in (1, 4, 6):
            assert f"mixed.jsonl:{line}: " in told.stderr, told.stderr
        missing = daemon.cli("dict", "stats", DIRECTORY / "missing.jsonl", check=False)
        same(missing.returncode, 1, "exit status of a missing file")
        assert "missing.jsonl" in missing.stderr, missing.stderr

    with case("workbench: every command has an example in its help"):
        for command in (["dict", "stats"], ["dict", "suggest"], ["dict", "backtest"], ["backtest"]):
            assert "Examples:" in daemon.cli(*command, "--help").stdout, command


def main():
    # Rules alone: what a change of their rows does is not softened by a model.
    daemon = Daemon("desk", settings='[assess]\nmodel = ""\n')
    all_rows = list(rows())
    posts = write(DIRECTORY / "posts.jsonl", all_rows)
    plain = write(DIRECTORY / "plain.jsonl",
                  [{key: row[key] for key in ("id", "source", "text", "published_at")} for row in all_rows])
    labels = write(DIRECTORY / "labels.jsonl", [{key: row[key] for key in ("id", "category", "grade")} for row in all_rows])
    without = blind()
    stats(daemon, posts)
    suggest(daemon, posts)
    backtest(daemon, posts, without)
    told = daemon.cli("ingest", plain, "--json")
    same(json.loads(told.stdout)["accepted"], len(all_rows), "posts ingested")
    stored(daemon, posts, labels, without)
    bad_usage(daemon, posts)
    finish()


main()
