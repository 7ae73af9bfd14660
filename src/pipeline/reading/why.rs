//! What decided the grade that is shown of a post, by what judged it then.

use std::sync::Arc;

use super::{PostRecord, Reading, ReadingError, ShownPost};
use crate::assess::{Assessment, Counterfactual};
use crate::extract::post::{Counts, Post};
use crate::store::PostState;

impl Reading {
    /// What decided the grade of a post. It costs as many judgements as things are tried: for one post that
    /// somebody looks at. `None` if the judgement that is shown cannot be made again: its dictionaries are
    /// lost, or the rules were others.
    pub async fn counterfactual(&self, shown: &ShownPost) -> Result<Option<Counterfactual>, ReadingError> {
        let shown = shown.clone();
        self.blocking(move |reading| reading.why(&shown)).await
    }

    fn why(&self, shown: &ShownPost) -> Result<Option<Counterfactual>, ReadingError> {
        let ShownPost { post, assessment, state } = shown;
        let assessor = self.lexicons.at(&self.store, state.text_at())?;
        // A post is judged when its text is new; what readers did with it since then is not in its score. One
        // that was gone and came back is judged with what was known then, which may be what is known now.
        for counts in [self.counts_when_judged(state)?, Some(state.counts)].into_iter().flatten() {
            let assessed = assessor.assess(Arc::new(Post { counts, ..post.clone() }));
            if is_same(&assessed.assessment, assessment) {
                return Ok(Some(assessor.counterfactual(&assessed)));
            }
        }
        Ok(None)
    }

    fn counts_when_judged(&self, state: &PostState) -> Result<Option<Counts>, ReadingError> {
        Ok(match self.record(state.text_at())? {
            Some(PostRecord::Found(post)) => Some(post.counts),
            Some(PostRecord::Revised { counts, .. }) => Some(counts),
            Some(_) | None => None,
        })
    }
}

fn is_same(one: &Assessment, other: &Assessment) -> bool {
    one.grade == other.grade && one.sensitivity.total_cmp(&other.sensitivity).is_eq()
}
