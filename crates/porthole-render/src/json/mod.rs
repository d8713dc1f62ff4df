//! Public JSON: its own types, versioned, so that the inner ones may change.
//!
//! A fact that could not be read is `null`, and `gaps` holds its path and the reason. A `null` without a gap means
//! that there is none.

mod api;
mod audit;
mod dns;
mod events;
mod exchange;
mod explain;
mod fix;
mod forward;
mod gap;
mod kept;
mod netdb;
mod part;
mod ports;
mod raw;
mod removed;
mod report;
mod sockets;
mod template;
mod testbox;
mod toolbox;
mod topology;
mod traffic;
mod traffic_diff;

use schemars::JsonSchema;
use schemars::generate::SchemaSettings;
use serde::Serialize;

pub use api::{ApiEndpointItem, ApiEndpointsDocument, ApiParameterItem, ParameterPlaceWord, api_endpoints};
pub use audit::{AuditEndWord, AuditFileItem, AuditRemark, AuditVerdictDocument, audit_verdict};
pub use dns::{
    DnsDocument, DnsNameItem, DnsOutcomeItem, DnsOutcomeWord, DnsProbeItem, DnsRungItem, DnsTryItem,
    DnsVerdictItem, dns,
};
pub use events::{EventDocument, EventItem, EventNewsItem, event_news};
pub use exchange::{
    ClientItem, ContainerItem, EndWord, ExchangeDocument, ExchangeItem, ExecItem, MessageItem, ResourceItem,
    ResourceWord, exchange,
};
pub use explain::{ExplanationItem, ExplanationsDocument, SectionItem, explanations};
pub use fix::{FixItem, FixWord};
pub use forward::{ForwardDocument, ForwardEvent, forward_listening, forward_passed};
pub use gap::{GapWord, MissingFact};
pub use kept::{
    AttachedItem, KeptSessionItem, KeptSessionsDocument, SessionEndItem, SessionWayWord, kept_sessions,
};
pub use netdb::{
    FaultItem, ForwardedPortItem, ForwarderItem, LockHolderItem, NetworkDatabaseDocument,
    NetworkStepsDocument, RecordContent, RecordItem, StepItem, StepWord, SubnetItem, clean_steps,
    network_database,
};
pub use part::{HiddenWord, MessageWord, PartDocument, PartItem, StreamWord, part};
pub use ports::{
    BarrierItem, ExitItem, HolderItem, ListenerItem, OutsideItem, PortItem, PortProbeItem, PortsDocument,
    ProxyDutyItem, ProxyItem, ProxyReviewItem, RuleItem, WayItem, ports, ports_line,
};
pub use raw::{CloseWord, RawDocument, RawEvent, SideWord, raw_closed, raw_data, raw_opened};
pub use removed::{RemovedDocument, removed};
pub use report::{
    CheckItem, CheckWord, ConfidenceWord, EvidenceItem, FindingItem, RemedyItem, ReportDocument,
    SeverityWord, SubjectItem, SubjectWord, fixed_report, report,
};
pub use sockets::{AddressItem, OwnerItem, SocketItem, SocketStream, SocketsDocument};
pub use template::{
    TemplateContainer, TemplateData, TemplateExposedPort, TemplateNetwork, TemplatePort, template_data,
};
pub use testbox::{
    TestboxItem, TestboxNetworkItem, TestboxPortItem, TestboxesDocument, TrialWord, testbox_started,
    testboxes,
};
pub use toolbox::{ToolItem, ToolboxDocument, toolbox};
pub use topology::{
    BridgeItem, EndItem, FdbItem, NamedItem, TopologyDocument, TopologyItem, UplinkItem, topology,
};
pub use traffic::{CallCountItem, CallerItem, OperationItem, TrafficSummaryDocument, traffic_summary};
pub use traffic_diff::{
    CallDifferenceItem, ChangeItem, ChangedPartWord, DiffSideItem, TrafficDiffDocument, traffic_diff,
};

/// The version of every document; it grows when a field goes away or changes its meaning.
pub const SCHEMA_VERSION: u32 = 1;

/// The name and the JSON schema of every document.
pub fn schemas() -> Vec<(&'static str, String)> {
    vec![
        ("api_endpoints", schema::<ApiEndpointsDocument>()),
        ("audit_verdict", schema::<AuditVerdictDocument>()),
        ("dns", schema::<DnsDocument>()),
        ("events", schema::<EventDocument>()),
        ("exchange", schema::<ExchangeDocument>()),
        ("explain", schema::<ExplanationsDocument>()),
        ("forward", schema::<ForwardDocument>()),
        ("gc", schema::<RemovedDocument>()),
        ("kept_sessions", schema::<KeptSessionsDocument>()),
        ("netdb", schema::<NetworkDatabaseDocument>()),
        ("netdb_steps", schema::<NetworkStepsDocument>()),
        ("part", schema::<PartDocument>()),
        ("ports", schema::<PortsDocument>()),
        ("raw_relay", schema::<RawDocument>()),
        ("report", schema::<ReportDocument>()),
        ("sockets", schema::<SocketsDocument<'static>>()),
        ("toolbox", schema::<ToolboxDocument>()),
        ("template", schema::<TemplateData>()),
        ("testbox", schema::<TestboxesDocument>()),
        ("topology", schema::<TopologyDocument>()),
        ("traffic_diff", schema::<TrafficDiffDocument>()),
        ("traffic_summary", schema::<TrafficSummaryDocument>()),
    ]
}

fn schema<T: JsonSchema>() -> String {
    let settings = SchemaSettings::draft2020_12().for_serialize();
    pretty(&settings.into_generator().into_root_schema_for::<T>())
}

/// Indented text of a value. Every document is made of strings, numbers, lists and structs, which always serialise.
fn pretty(value: &impl Serialize) -> String {
    serde_json::to_string_pretty(value).unwrap_or_else(|error| format!("{{\"error\": \"{error}\"}}"))
}

/// The same in one line.
fn compact(value: &impl Serialize) -> String {
    serde_json::to_string(value).unwrap_or_else(|error| format!("{{\"error\": \"{error}\"}}"))
}
