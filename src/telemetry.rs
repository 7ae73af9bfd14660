//! Tracing set-up and the name of every metric.
//!
//! Logs go to standard error: lines for people on a terminal, one JSON object a line elsewhere.
//! Post text is never logged above debug. Metrics carry no text of posts and no names.

use std::io::IsTerminal;

use metrics_exporter_prometheus::{BuildError, Matcher, PrometheusBuilder, PrometheusHandle};
use tracing_subscriber::EnvFilter;

/// Names of all metrics; each counts or measures what its doc says.
pub mod metric {
    /// Counter: posts stored for the first time, by `source`.
    pub const POSTS_STORED: &str = "minsheng_posts_stored_total";
    /// Counter: posts that were known already.
    pub const POSTS_KNOWN: &str = "minsheng_posts_known_total";
    /// Counter: posts refused at the door.
    pub const POSTS_REJECTED: &str = "minsheng_posts_rejected_total";
    /// Counter: posts assessed.
    pub const POSTS_ASSESSED: &str = "minsheng_posts_assessed_total";
    /// Counter: calls of the segmenter; equals the posts assessed when each is cut once.
    pub const SEGMENTER_CALLS: &str = "minsheng_segmenter_calls_total";
    /// Counter: stored posts judged again by other dictionaries or another model.
    pub const POSTS_RESCORED: &str = "minsheng_posts_rescored_total";
    /// Gauge: stored posts that are still to be judged again.
    pub const RESCORE_LEFT: &str = "minsheng_rescore_left";
    /// Counter: looks at sources, by `source` and `outcome`.
    pub const LOOKS: &str = "minsheng_looks_total";
    /// Counter: signals concluded.
    pub const SIGNALS: &str = "minsheng_signals_total";
    /// Counter: incidents opened, by `grade`.
    pub const INCIDENTS: &str = "minsheng_incidents_opened_total";
    /// Counter: tries to deliver, by `receiver` and `outcome`.
    pub const DELIVERIES: &str = "minsheng_deliveries_total";
    /// Counter: things given up, by `what`; each is logged with its reason.
    pub const DROPPED: &str = "minsheng_dropped_total";
    /// Gauge: highest durable sequence number of the journal.
    pub const JOURNAL_SEQUENCE: &str = "minsheng_journal_sequence";
    /// Gauge: sequence number a view has reached, by `view`.
    pub const VIEW_SEQUENCE: &str = "minsheng_view_sequence";
    /// Gauge: notifications by `state`.
    pub const OUTBOX: &str = "minsheng_outbox_entries";
    /// Gauge: events that are followed, those of one post too.
    pub const EVENTS: &str = "minsheng_events";
    /// Gauge: topics that are spoken of more than usual.
    pub const TOPICS: &str = "minsheng_topics";
    /// Gauge: how full the tables are in which topics are found, by `table`, 0 to 1; above 0.6 of the baseline
    /// bursts hide.
    pub const TOPIC_TABLE_FILL: &str = "minsheng_topic_table_fill";
    /// Gauge: sources by `state`.
    pub const SOURCES: &str = "minsheng_sources";
    /// Gauge: open incidents by `grade`.
    pub const OPEN_INCIDENTS: &str = "minsheng_incidents_open";
    /// Histogram: seconds from submitting a batch to its being durable.
    pub const INTAKE_SECONDS: &str = "minsheng_intake_seconds";
    /// Histogram: seconds from a post's being durable to the first try to deliver the alert it caused.
    pub const ALERT_SECONDS: &str = "minsheng_alert_seconds";
    /// Histogram: seconds one HTTP request to the console or API took, by `route`.
    pub const HTTP_SECONDS: &str = "minsheng_http_seconds";
}

/// Who reads the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LogFormat {
    /// Lines for people.
    Plain,
    /// One JSON object a line.
    Json,
}

impl LogFormat {
    /// Plain on a terminal, JSON elsewhere.
    pub fn for_stderr() -> Self {
        if std::io::stderr().is_terminal() { Self::Plain } else { Self::Json }
    }
}

/// Starts logging to standard error. `MINSHENG_LOG` overrides `level` with directives such as
/// `minsheng=debug`. A second call changes nothing.
pub fn start_logging(level: &str, format: LogFormat) {
    let filter = EnvFilter::try_from_env("MINSHENG_LOG").unwrap_or_else(|_| EnvFilter::new(level));
    let builder = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    let started = match format {
        LogFormat::Plain => builder.with_target(false).with_ansi(std::io::stderr().is_terminal()).try_init(),
        LogFormat::Json => builder.json().flatten_event(true).try_init(),
    };
    if started.is_err() {
        tracing::debug!("logging was started before");
    }
}

/// Hands out the text of `/metrics`.
#[derive(Clone)]
pub struct Metrics(PrometheusHandle);

impl Metrics {
    /// Makes this process's recorder, once; a second call in one process gives a handle that shows
    /// nothing, since the first recorder stays.
    pub fn install() -> Result<Self, BuildError> {
        let seconds = [0.001, 0.005, 0.02, 0.05, 0.1, 0.25, 0.5, 1.0, 2.0, 5.0, 15.0, 60.0];
        let recorder = PrometheusBuilder::new()
            .set_buckets_for_metric(Matcher::Suffix("_seconds".into()), &seconds)?
            .build_recorder();
        let handle = recorder.handle();
        if metrics::set_global_recorder(recorder).is_err() {
            tracing::debug!("a metrics recorder was installed before");
        }
        Ok(Self(handle))
    }

    /// All metrics in Prometheus' text format.
    pub fn render(&self) -> String {
        self.0.run_upkeep();
        self.0.render()
    }
}
