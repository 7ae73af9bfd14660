//! Posts and an assessor for tests: the dictionaries of the repository, read once.

use std::path::Path;
use std::sync::{Arc, LazyLock};

use super::{AssessConfig, Assessment, Assessor};
use crate::extract::post::{Counts, Dated, Post, PostId, PostKind};
use crate::lexicon::matcher::Lexicon;
use crate::model::Model;
use crate::source::SourceId;

/// The assessor over the repository's dictionaries.
pub(crate) fn assessor() -> &'static Assessor {
    static SHARED: LazyLock<Assessor> = LazyLock::new(|| {
        let dir = Path::new(env!("CARGO_MANIFEST_DIR")).join("dictionaries");
        let today = "2026-03-01".parse().expect("a date");
        let (lexicon, _) = Lexicon::load(&dir, today).expect("the dictionaries have no faults");
        Assessor::new(Arc::new(lexicon), AssessConfig::default())
    });
    &SHARED
}

/// The same with the model of the repository.
pub(crate) fn learned() -> &'static Assessor {
    static SHARED: LazyLock<Assessor> = LazyLock::new(|| {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("dictionaries/posts.model");
        let model = Model::from_bytes(&std::fs::read(path).expect("it is there")).expect("it can be read");
        let lexicon = Arc::clone(assessor().lexicon());
        Assessor::new(lexicon, AssessConfig::default()).with_model(Some(Arc::new(model)))
    });
    &SHARED
}

/// A post of the public.
pub(crate) fn post(title: &str, text: &str) -> Post {
    let source = SourceId::new("town-forum").expect("a legal name");
    let at = "2026-03-01T00:15:00Z".parse().expect("a time");
    Post {
        id: PostId::of(&source, None, None, title, text),
        source,
        external_id: None,
        kind: PostKind::Post,
        parent: None,
        thread: None,
        url: None,
        title: title.to_owned(),
        text: text.to_owned(),
        voice: None,
        official: false,
        published_at: at,
        dated: Dated::Claimed,
        captured_at: at,
        place: None,
        counts: Counts::default(),
    }
}

/// The judgement on a text of the public.
pub(crate) fn assess(text: &str) -> Assessment {
    Assessment::clone(&assessor().assess(Arc::new(post("", text))).assessment)
}

/// The judgement on a text of an office.
pub(crate) fn assess_official(text: &str) -> Assessment {
    let post = Post { official: true, ..post("", text) };
    Assessment::clone(&assessor().assess(Arc::new(post)).assessment)
}
