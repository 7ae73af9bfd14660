//! A small set of dictionaries for tests of the workbench: what is shown does not change with those that ship.

use std::sync::Arc;

use crate::assess::{AssessConfig, Assessor};
use crate::extract::post::Post;
use crate::lexicon::matcher::Lexicon;
use crate::lexicon::shelf::Shelf;

const HEADER: &str = "term\tcategory\tkind\tweight\tmode\twindow\tvariants\tunless\tfrom\tuntil\towner\tnote";
/// The files.
pub(crate) const FILES: [(&str, &str); 4] = [
    (
        "10-matters.tsv",
        "爆炸\tsafety\tseverity\t3\t\t\t爆燃\t信息爆炸\t\t\t应急组\t\n\
         停水\tutilities\t\t\t\t\t没水|断水\t\t\t\t水务组\t\n\
         停水通知\tutilities\t\t3\t\t\t\t\t\t\t水务组\t\n\
         暖气+不热\tutilities\t\t\tall\t10\t\t\t2026-11-01\t\t供热组\t\n",
    ),
    (
        "40-helpers.tsv",
        "没有\t-\tnegator\t\tword\t\t\t\t\t\t词典组\t\n\
         请尽快\t-\trequest\t\t\t\t\t\t\t\t词典组\t\n\
         老人\t-\tvulnerable\t\t\t\t\t\t\t\t词典组\t\n",
    ),
    ("site/90-desk.tsv", "物业\thousing\t\t6\t\t\t\t\t\t\t本台\t\n"),
    ("places.tsv", "place\tparent\ttype\talias\n禾川市\t\tcity\t\n云锦苑\t禾川市\testate\t\n"),
];

/// A shelf of these files, with what is missing of headers and categories.
pub(crate) fn shelf(files: &[(&str, &str)]) -> Shelf {
    let mut shelf = Shelf::default();
    for (name, content) in files {
        let content =
            if name.ends_with("places.tsv") { (*content).to_owned() } else { format!("{HEADER}\n{content}") };
        shelf.put(name, content.into_bytes());
    }
    let categories = include_str!("../../../dictionaries/categories.toml");
    shelf.put("categories.toml", categories.as_bytes().to_vec());
    shelf
}

/// An assessor over [`FILES`].
pub(crate) fn assessor() -> Assessor {
    assessor_of(&FILES)
}

/// An assessor over these files.
pub(crate) fn assessor_of(files: &[(&str, &str)]) -> Assessor {
    let today = "2026-03-01".parse().expect("a date");
    match Lexicon::compile(&shelf(files), today) {
        Ok((lexicon, _)) => Assessor::new(Arc::new(lexicon), AssessConfig::default()),
        Err(faults) => panic!("{faults}"),
    }
}

/// A post of the public.
pub(crate) fn post(text: &str) -> Post {
    crate::assess::fixture::post("", text)
}
