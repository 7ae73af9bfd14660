//! Differences between small sets of dictionaries, each change told once and in its place.

use super::*;

const HEADER: &str = "term\tcategory\tkind\tweight\tmode\twindow\tvariants\tunless\tfrom\tuntil\towner\tnote";

fn shelf(files: &[(&str, &str)]) -> Shelf {
    let mut shelf = Shelf::default();
    for (name, content) in files {
        let is_rows = name.rsplit('.').next() == Some("tsv") && !name.ends_with("places.tsv");
        let content = if is_rows { format!("{HEADER}\n{content}") } else { (*content).to_owned() };
        shelf.put(name, content.into_bytes());
    }
    shelf
}

fn between(before: &[(&str, &str)], after: &[(&str, &str)]) -> Difference {
    let today = "2026-03-01".parse().expect("a date");
    match Difference::between(&shelf(before), &shelf(after), today) {
        Ok(difference) => difference,
        Err(faults) => panic!("{faults}"),
    }
}

/// A change in one line: sign, term, cells, effects.
fn line(change: &RowChange) -> String {
    let sign = match (&change.before, &change.after) {
        (None, _) => '+',
        (_, None) => '-',
        _ => '~',
    };
    let cells = change.cells.iter().map(|cell| match cell.pieces() {
        Some((added, removed)) => format!(" {}+{added:?}-{removed:?}", cell.field.id()),
        None => format!(" {} {}→{}", cell.field.id(), cell.before, cell.after),
    });
    let all = |rows: &[ToldRow]| rows.iter().map(ToldRow::to_string).collect::<Vec<_>>().join(",");
    let effects = change.effects.iter().map(|effect| match effect {
        Effect::WinsOver(row) => format!(" wins over {row}"),
        Effect::SwitchesOff(row) => format!(" switches off {row}"),
        Effect::OverruledBy(row) => format!(" overruled by {row}"),
        Effect::Restores(row) => format!(" restores {row}"),
        Effect::LongerThan(rows) => format!(" longer than {}", all(rows)),
        Effect::MakesRoomFor(rows) => format!(" makes room for {}", all(rows)),
    });
    format!("{sign}{}{}", change.row(), cells.chain(effects).collect::<String>())
}

fn lines(before: &[(&str, &str)], after: &[(&str, &str)]) -> String {
    between(before, after).rows.iter().map(line).collect::<Vec<_>>().join("\n")
}

const WATER: &str = "停水\tutilities\t\t14\t\t\t没水|断水\t停水公告\t\t\t水务组\n";

#[test]
fn each_change_of_a_row_is_told() {
    for (name, after, expected) in [
        ("nothing", WATER, ""),
        ("lines", "\n# moved\n停水\tutilities\t\t14\t\t\t没水|断水\t停水公告\t\t\t水务组\n", ""),
        (
            "weight",
            "停水\tutilities\t\t20\t\t\t没水|断水\t停水公告\t\t\t水务组\n",
            "~停水 (1-w.tsv:2) weight 14→20",
        ),
        (
            "pieces",
            "停水\tutilities\t\t14\t\t\t没水|水停了\t停水公告|~演练\t\t\t水务组\n",
            "~停水 (1-w.tsv:2) variants+[\"水停了\"]-[\"断水\"] unless+[\"~演练\"]-[]",
        ),
        (
            "mode, dates, note",
            "停水\tutilities\t\t14\tword\t\t没水|断水\t停水公告\t2026-03-01\t2026-04-01\t水务组\t冬季\n",
            "~停水 (1-w.tsv:2) mode sub→word from →2026-03-01 until →2026-04-01 note →冬季",
        ),
        (
            "category",
            "停水\thousing\t\t14\t\t\t没水|断水\t停水公告\t\t\t水务组\n",
            "~停水 (1-w.tsv:2) category utilities→housing",
        ),
        (
            "kind",
            "停水\tutilities\tscale\t14\t\t\t没水|断水\t停水公告\t\t\t水务组\n",
            "~停水 (1-w.tsv:2) kind topic→scale",
        ),
        ("gone", "", "-停水 (1-w.tsv:2)"),
        (
            "other",
            "停电\tutilities\t\t14\t\t\t没水|断水\t停水公告\t\t\t水务组\n",
            "-停水 (1-w.tsv:2)\n+停电 (1-w.tsv:2)",
        ),
    ] {
        let after = if name == "other" {
            after.replace("没水|断水\t停水公告", "\t")
        } else {
            after.to_owned()
        };
        assert_eq!(lines(&[("1-w.tsv", WATER)], &[("1-w.tsv", &after)]), expected, "{name}");
    }
}

#[test]
fn layers_and_longer_terms_are_told_as_effects() {
    let site = |rows: &str| lines(&[("1-w.tsv", WATER)], &[("1-w.tsv", WATER), ("site/9.tsv", rows)]);
    let off = "停水\tutilities\t\toff\t\t\t\t\t\t\t水务组\n";
    let more = "停水\tutilities\t\t20\t\t\t\t\t\t\t水务组\n";
    assert_eq!(site(off), "+停水 (site/9.tsv:2) switches off 停水 (1-w.tsv:2)");
    assert_eq!(site(more), "+停水 (site/9.tsv:2) wins over 停水 (1-w.tsv:2)");
    assert_eq!(
        site("停水通知\tutilities\t\t3\t\t\t\t\t\t\t水务组\n"),
        "+停水通知 (site/9.tsv:2) longer than 停水 (1-w.tsv:2)"
    );
    let both = [("1-w.tsv", WATER), ("site/9.tsv", more)];
    assert_eq!(lines(&both, &[("1-w.tsv", WATER)]), "-停水 (site/9.tsv:2) restores 停水 (1-w.tsv:2)");
    assert_eq!(
        lines(&both, &[("1-w.tsv", WATER), ("site/9.tsv", off)]),
        "~停水 (site/9.tsv:2) weight 20→ off →off switches off 停水 (1-w.tsv:2)"
    );
    assert_eq!(lines(&[("site/9.tsv", more)], &both), "+停水 (1-w.tsv:2) overruled by 停水 (site/9.tsv:2)");
    let moved = lines(&[("1-w.tsv", WATER)], &[("site/9.tsv", WATER)]);
    assert_eq!(moved, "~停水 (site/9.tsv:2) layer builtin→site file 1-w.tsv→site/9.tsv");
    let longer = [("1-w.tsv", &*format!("{WATER}停水通知\tutilities\t\t3\t\t\t\t\t\t\t水务组\n"))];
    assert_eq!(
        lines(&longer, &[("1-w.tsv", WATER)]),
        "-停水通知 (1-w.tsv:3) makes room for 停水 (1-w.tsv:2)"
    );
}

#[test]
fn rows_that_follow_their_category_are_counted_with_it() {
    let rows = "停水\tutilities\t\t\t\t\t\t\t\t\t水务组\n停电\tutilities\t\t\t\t\t\t\t\t\t电力组\n";
    let categories = |weight: u32| {
        let tables = crate::lexicon::Category::ALL.map(|category| {
            let weight = if category.id() == "utilities" { weight } else { 10 };
            format!("[{category}]\nname = \"名\"\nweight = {weight}\n")
        });
        tables.concat()
    };
    let (one, other) =
        (categories(14), categories(16) + "department = \"w\"\n[departments.w]\nname = \"水务\"\n");
    let found = between(
        &[("1.tsv", rows), ("categories.toml", &one)],
        &[("1.tsv", rows), ("categories.toml", &other)],
    );
    assert_eq!(found.rows, []);
    let told: Vec<_> = found
        .settings
        .iter()
        .map(|setting| {
            let cells = setting.cells.iter().map(|c| format!("{} {}→{}", c.field.id(), c.before, c.after));
            (setting.id.as_str(), setting.sides, cells.collect::<Vec<_>>().join(", "), setting.following)
        })
        .collect();
    assert_eq!(
        told,
        [
            ("departments.w", Sides::Added, "name →水务".to_owned(), 0),
            ("rumour", Sides::Changed, "department →w".to_owned(), 0),
            ("utilities", Sides::Changed, "weight 14→16".to_owned(), 2),
        ]
    );
}

#[test]
fn places_are_compared_by_name_and_holder() {
    let head = "place\tparent\ttype\talias\n";
    let before = format!(
        "{head}禾川市\t\tcity\t\n东区\t禾川市\tdistrict\t\n西区\t禾川市\tdistrict\t\n云锦苑\t东区\testate\t云锦\n"
    );
    let after = format!(
        "{head}禾川市\t\tcity\t禾川\n东区\t禾川市\tdistrict\t\n西区\t禾川市\tdistrict\t\n云锦苑\t西区\testate\t云锦\n人民路\t东区\troad\t\n"
    );
    let found = between(&[("places.tsv", &before)], &[("places.tsv", &after)]);
    let told: Vec<_> = found
        .places
        .iter()
        .map(|place| {
            let cells = place.cells.iter().map(|c| format!("{} {}→{}", c.field.id(), c.before, c.after));
            format!("{:?} {}<{} {}", place.sides, place.name, place.parent, cells.collect::<String>())
        })
        .collect();
    assert_eq!(
        told,
        ["Changed 云锦苑<西区 parent 东区→西区", "Added 人民路<东区 ", "Changed 禾川市< alias →禾川"]
    );
    assert_eq!((found.counts.places, found.is_empty()), (3, false));
}

#[test]
fn faulty_dictionaries_are_refused_whichever_side_they_are() {
    let bad = shelf(&[("1.tsv", "停水\tutilites\t\t\t\t\t\t\t\t\t水务组\n")]);
    let good = shelf(&[("1.tsv", WATER)]);
    let today = "2026-03-01".parse().expect("a date");
    for (one, other) in [(&bad, &good), (&good, &bad)] {
        let faults = Difference::between(one, other, today).expect_err("a fault");
        assert!(faults.to_string().contains("did you mean `utilities`"), "{faults}");
    }
}

#[test]
fn counts_stand_first_and_add_up() {
    let before = format!(
        "{WATER}停电\tutilities\t\t10\t\t\t\t\t\t\t电力组\n停气\tutilities\t\t10\t\t\t\t\t\t\t燃气组\n"
    );
    let after = format!(
        "{}停电\tutilities\t\t8\t\t\t\t\t\t\t电力组\n断网\tutilities\t\t8\t\t\t\t\t\t\t通信组\n",
        WATER.replace("14", "20")
    );
    let counts = between(&[("1.tsv", &before)], &[("1.tsv", &after)]).counts;
    let expected = Counts { added: 1, removed: 1, changed: 2, heavier: 1, lighter: 1, ..Counts::default() };
    assert_eq!(counts, expected);
    assert!(between(&[("1.tsv", &before)], &[("1.tsv", &before)]).is_empty());
}
