//! `porthole events --render`: files made of the engine's containers, and kept as the containers are.

mod kept;
mod notifier;
mod order;
mod output_file;
mod quiet;
mod source;

use std::future::ready;
use std::pin::pin;
use std::time::Duration;

use porthole_engine::{EventQuery, EventStream, RequestError};
use porthole_model::EventNews;
use porthole_render::error::{note, warning};
use porthole_render::events::{Told, told};
use porthole_render::json::{TemplateData, template_data};
use tokio::time::Instant;

use self::kept::KeptFile;
use self::notifier::Notifier;
pub(crate) use self::order::Rendering;
pub(super) use self::order::{NotifyOrder, Order};
use self::quiet::{Quiet, tells_of_change};
use self::source::Source;
use super::failed;
use crate::error::CommandError;
use crate::exit::Exit;
use crate::interrupt;
use crate::printer::Printer;
use crate::world::World;

/// How long after a failure the containers are read again.
const PAUSE: Duration = Duration::from_secs(2);

/// What keeps the files.
struct Keeper {
    printer: Printer,
    files: Vec<KeptFile>,
    source: Source,
    notifier: Option<Notifier>,
    quiet: Quiet,
    /// Why the containers could not be read the last time, so that it is said once.
    trouble: Option<String>,
}

/// Makes the files, and keeps them until Ctrl-C unless asked to do it once.
pub(super) fn run(order: Order, world: &World) -> Result<Exit, CommandError> {
    order::check_distinct(&order.renderings)?;
    let files = order.renderings.iter().map(KeptFile::prepare).collect::<Result<_, _>>()?;
    let source = Source {
        endpoint: world.settings.endpoint()?,
        limit: world.settings.timeout,
        secrets: world.settings.secrets,
        filters: order.filters,
        client: None,
    };
    world.serve(async {
        let mut stop = pin!(interrupt::asked_to_stop());
        let notifier = order.notify.map(|notify| Notifier::begin(world.printer, notify));
        let quiet = Quiet::new(order.quiet);
        let mut keeper = Keeper { printer: world.printer, files, source, notifier, quiet, trouble: None };
        let kept = tokio::select! {
            biased;
            () = &mut stop => Ok(Exit::Interrupted),
            kept = keeper.keep(order.once) => kept.map(|()| Exit::Success),
        };
        let went_well = match keeper.notifier {
            Some(notifier) if matches!(kept, Ok(Exit::Interrupted)) => notifier.finish(ready(())).await,
            Some(notifier) => notifier.finish(stop).await,
            None => true,
        };
        kept.map(|exit| if exit == Exit::Success && !went_well { Exit::Findings } else { exit })
    })
}

impl Keeper {
    async fn keep(&mut self, once: bool) -> Result<(), CommandError> {
        if once {
            return self.begin().await;
        }
        // Followed before it is looked: what happens in between is heard.
        let query = EventQuery { filters: filters(), since: None, until: None };
        let source = &self.source;
        let stream = EventStream::begin(source.endpoint.clone(), source.limit, query, source.secrets);
        let mut stream = stream.await.map_err(failed)?;
        self.begin().await?;
        loop {
            let due = self.quiet.due();
            tokio::select! {
                news = stream.next() => match news.map_err(failed)? {
                    Some(news) => self.hear(&news),
                    None => return Ok(()),
                },
                () = tokio::time::sleep_until(due.unwrap_or_else(Instant::now)), if due.is_some() => self.look().await,
            }
        }
    }

    /// The first time: an error ends it, and one of any template before any file is written.
    async fn begin(&mut self) -> Result<(), CommandError> {
        let data = self.source.read().await.map_err(unread)?;
        let data = template_data(&data);
        let contents: Vec<String> =
            self.files.iter().map(|file| file.fill(&data)).collect::<Result<_, _>>()?;
        let mut is_changed = false;
        let written = self.files.iter().zip(&contents).try_for_each(|(file, content)| {
            is_changed |= file.write(content, self.printer)?;
            Ok(())
        });
        // Also where another one could not be written: nobody would tell of this one later.
        self.notify(is_changed);
        written
    }

    fn hear(&mut self, news: &EventNews) {
        match news {
            EventNews::Event(event) if tells_of_change(event) => self.quiet.heard(Instant::now()),
            // The containers are read as they are, whatever the clock says.
            EventNews::Event(_) | EventNews::ClockSetBack { .. } => {}
            EventNews::Lost { .. } => {
                self.say(news);
                self.source.client = None;
                self.quiet.clear();
            }
            EventNews::Back { .. } => {
                self.say(news);
                self.quiet.heard(Instant::now());
            }
            // Nothing is lost by it: the containers themselves are read.
            EventNews::Gap(_) | EventNews::Dropped { .. } => self.quiet.heard(Instant::now()),
        }
    }

    /// Reads the containers and makes the files anew.
    async fn look(&mut self) {
        self.quiet.clear();
        match self.source.read().await {
            Ok(containers) => {
                if self.trouble.take().is_some() {
                    self.printer.note(&note("the containers can be read again"));
                }
                self.refresh(&template_data(&containers));
            }
            Err(error) => {
                self.quiet.again(Instant::now() + PAUSE);
                self.complain(error.to_string());
            }
        }
    }

    fn refresh(&mut self, data: &TemplateData) {
        let mut is_changed = false;
        for file in &mut self.files {
            is_changed |= file.refresh(data, self.printer);
        }
        self.notify(is_changed);
    }

    fn notify(&self, is_changed: bool) {
        if let Some(notifier) = &self.notifier {
            notifier.looked(is_changed);
        }
    }

    fn complain(&mut self, trouble: String) {
        if self.trouble.as_ref() != Some(&trouble) {
            let words = format!("cannot read the containers, the files stay as they are: {trouble}");
            self.printer.note(&warning(&words));
        }
        self.trouble = Some(trouble);
    }

    fn say(&self, news: &EventNews) {
        if let Told::Beside(doc) = told(news) {
            self.printer.note(&doc);
        }
    }
}

/// The events after which a container may be another one.
fn filters() -> std::collections::BTreeMap<String, Vec<String>> {
    let kinds = ["container", "network"].map(str::to_owned);
    [("type".to_owned(), kinds.to_vec())].into()
}

fn unread(error: RequestError) -> CommandError {
    match error {
        RequestError::Unreachable(error) => CommandError::from(porthole_model::Gap::from(*error)),
        RequestError::Status { status: 400, .. } => CommandError::caused_by(
            "the engine does not take these filters",
            error,
        )
        .hint(
            "with --render they choose containers, as docker ps --filter does: label=tier=web, network=shop",
        ),
        _ => CommandError::caused_by("cannot read the containers", error),
    }
}
