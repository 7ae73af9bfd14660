//! Changes as they happen, as server-sent events.
//!
//! An open stream is a sign of life of its session, and ends with it: logging out, a disabled account and
//! the end of twelve hours close it within the time of one glance.

use std::convert::Infallible;
use std::pin::Pin;
use std::time::Duration;

use axum::Extension;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::sse::{Event, KeepAlive, Sse};
use futures::Stream;
use tokio::time::{Interval, MissedTickBehavior, interval};
use tokio_stream::StreamExt;
use tokio_util::sync::CancellationToken;

use crate::pipeline::live::LiveEvent;
use crate::store::SessionKey;
use crate::web::Web;
use crate::web::auth::{Visitor, alive};
use crate::web::door::Stop;
use crate::web::error::Problem;

/// How often it is seen whether the session still lives.
const GLANCE: Duration = Duration::from_secs(15);

struct Listening {
    web: Web,
    session: Option<SessionKey>,
    events: Pin<Box<dyn Stream<Item = LiveEvent> + Send>>,
    glance: Interval,
    stop: CancellationToken,
}

pub(in crate::web) async fn stream(
    State(web): State<Web>,
    Extension(visitor): Extension<Visitor>,
    Extension(Stop(stop)): Extension<Stop>,
    headers: HeaderMap,
) -> Result<Sse<impl Stream<Item = Result<Event, Infallible>>>, Problem> {
    let after = headers.get("last-event-id").and_then(|id| id.to_str().ok());
    let after = after.map(str::parse).transpose().map_err(|_| Problem::bad("Last-Event-ID is no number"))?;
    let mut glance = interval(GLANCE);
    glance.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let events = Box::pin(web.handles().live.listen(after));
    let listening = Listening { session: visitor.session(), events, glance, stop, web };
    let told = futures::stream::unfold(listening, |mut listening| async move {
        let event = listening.next().await?;
        let shown = Event::default().id(event.id.to_string()).event(event.kind.as_str());
        Some((Ok(shown.data(event.data.to_string())), listening))
    });
    Ok(Sse::new(told).keep_alive(KeepAlive::new().interval(GLANCE).text("still here")))
}

impl Listening {
    /// The next event; `None` when the session or the daemon ends.
    async fn next(&mut self) -> Option<LiveEvent> {
        loop {
            tokio::select! {
                () = self.stop.cancelled() => return None,
                event = self.events.next() => return event,
                _ = self.glance.tick() => {
                    if let Some(session) = self.session
                        && !matches!(alive(&self.web, session).await, Ok(Some(_)))
                    {
                        return None;
                    }
                }
            }
        }
    }
}
