//! What a check hands to the runner: findings with what else they touch, and the parts it could not look at.

use std::fmt::Write as _;

use porthole_model::{
    CheckCode, Confidence, Container, ContainerResources, Engine, EngineKind, Evidence, Finding, Gap,
    Network, Port, Remedy, Severity, Snapshot, Subject, SubjectKind, TransportProtocol,
};

use crate::mending::Mending;

/// What a check that ran came to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Found {
    /// What it found.
    pub concerns: Vec<Concern>,
    /// Parts it could not look at.
    pub gaps: Vec<Gap>,
}

impl Found {
    /// Adds what one part came to.
    pub(crate) fn part(&mut self, outcome: Result<impl IntoIterator<Item = Concern>, Gap>) {
        match outcome {
            Ok(concerns) => self.concerns.extend(concerns),
            Err(gap) => self.gap(gap),
        }
    }

    /// Adds a part that could not be looked at, once.
    pub(crate) fn gap(&mut self, gap: Gap) {
        if !self.gaps.contains(&gap) {
            self.gaps.push(gap);
        }
    }
}

/// A finding, and what else it touches: by that, one finding can explain another.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Concern {
    /// The finding.
    pub finding: Finding,
    /// What it touches beside its subject.
    pub related: Vec<Subject>,
    /// What it would take, and does not work: a finding about that explains this one.
    pub needs: Vec<Subject>,
    /// Whether its evidence shows a cause of its own, so that no other finding explains it.
    pub stands_alone: bool,
}

impl Concern {
    /// A finding that is certain; evidence must follow.
    pub(crate) fn new(code: CheckCode, severity: Severity, subject: Subject, summary: String) -> Self {
        let finding = Finding {
            code,
            severity,
            confidence: Confidence::Certain,
            subject,
            summary,
            evidence: Vec::new(),
            remedies: Vec::new(),
            explains: Vec::new(),
        };
        Self { finding, related: Vec::new(), needs: Vec::new(), stands_alone: false }
    }

    /// The evidence admits other causes.
    pub(crate) fn likely(mut self) -> Self {
        self.finding.confidence = Confidence::Likely;
        self
    }

    /// Adds what was read.
    pub(crate) fn evidence(mut self, source: impl Into<String>, observed: impl Into<String>) -> Self {
        self.finding.evidence.push(Evidence { source: source.into(), observed: observed.into() });
        self
    }

    /// Adds a way to mend it.
    pub(crate) fn remedy(mut self, explanation: impl Into<String>, commands: Vec<String>) -> Self {
        self.finding.remedies.push(Remedy::by_hand(explanation, commands));
        self
    }

    /// Adds a way to mend it that porthole may go itself: it is safe, and can be taken back.
    pub(crate) fn mend(mut self, explanation: impl Into<String>, mending: Mending) -> Self {
        self.finding.remedies.push(mending.remedy(explanation));
        self
    }

    /// Adds what it touches.
    pub(crate) fn related(mut self, subject: Subject) -> Self {
        self.related.push(subject);
        self
    }

    /// Adds several things that it touches.
    pub(crate) fn related_to(mut self, subjects: impl IntoIterator<Item = Subject>) -> Self {
        self.related.extend(subjects);
        self
    }

    /// Adds what it would take.
    pub(crate) fn needs(mut self, subjects: impl IntoIterator<Item = Subject>) -> Self {
        self.needs.extend(subjects);
        self
    }

    /// Its evidence shows a cause of its own.
    pub(crate) fn alone_if(mut self, stands_alone: bool) -> Self {
        self.stands_alone = stands_alone;
        self
    }

    /// Whether it is about `subject` or touches it.
    pub(crate) fn touches(&self, subject: &Subject) -> bool {
        self.finding.subject == *subject || self.related.contains(subject)
    }
}

/// A container as a subject.
pub(crate) fn about_container(container: &Container) -> Subject {
    Subject { kind: SubjectKind::Container, name: container.name.clone() }
}

/// A network as a subject.
pub(crate) fn about_network(network: &Network) -> Subject {
    Subject { kind: SubjectKind::Network, name: network.name.clone() }
}

/// The networks of a container as subjects.
pub(super) fn about_its_networks(container: &Container) -> impl Iterator<Item = Subject> {
    let names = container.attachments.iter().map(|attachment| attachment.network_name.clone());
    names.map(|name| Subject { kind: SubjectKind::Network, name })
}

/// The engine as a subject.
pub(super) fn about_engine() -> Subject {
    Subject { kind: SubjectKind::Engine, name: "engine".to_owned() }
}

/// What the engine and all containers write to, as a subject.
pub(super) fn about_storage() -> Subject {
    Subject { kind: SubjectKind::Engine, name: "storage".to_owned() }
}

/// A container's port as a subject.
pub(crate) fn about_port(container: &Container, port: Port, protocol: TransportProtocol) -> Subject {
    Subject { kind: SubjectKind::Port, name: format!("{port}/{protocol} of {}", container.name) }
}

/// What a container uses; `None` for one of which no process was seen, because it is just ending or starting.
pub(super) fn resources_of<'a>(
    snapshot: &'a Snapshot,
    container: &Container,
) -> Result<Option<&'a ContainerResources>, Gap> {
    let resources = snapshot.host.known()?.resources.known()?;
    Ok(resources.iter().find(|each| each.container == container.id))
}

/// The engine's command-line client.
pub(crate) fn client(engine: &Engine) -> &'static str {
    client_of(engine.version.kind)
}

/// The command-line client of engines of that kind.
pub(crate) fn client_of(kind: EngineKind) -> &'static str {
    match kind {
        EngineKind::Docker => "docker",
        EngineKind::Podman => "podman",
    }
}

/// A few of these in words, and how many more there are.
pub(super) fn listed<T>(items: &[T], words: impl Fn(&T) -> String) -> String {
    const MOST: usize = 5;
    let mut text = items.iter().take(MOST).map(words).collect::<Vec<_>>().join(", ");
    if items.len() > MOST {
        // Writing to a String cannot fail.
        let _infallible = write!(text, ", and {} more", items.len() - MOST);
    }
    text
}
