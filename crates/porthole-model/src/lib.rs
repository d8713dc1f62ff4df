//! The nouns of porthole: what was observed on a host, what is missing and why, and what was found.
//!
//! Every other crate speaks in these types; none of them reads, decides or prints.

mod api_endpoint;
mod audit;
mod connections;
mod content;
mod dns;
mod ending;
mod engine;
mod engine_event;
mod exchange;
mod finding;
pub mod firewall;
mod host;
mod ids;
mod kept_session;
mod link;
mod mend;
mod netdb;
mod observed;
mod ports;
mod probe;
mod process;
mod resources;
mod rule_trace;
mod scope;
mod secret;
mod snapshot;
mod socket;
mod storage;
mod testbox;
mod topology;
mod traffic;
mod traffic_diff;
mod walk;

pub use api_endpoint::{ApiEndpoint, ApiParameter, ParameterPlace};
pub use audit::{AuditEnd, AuditFault, AuditFile, AuditNote};
pub use connections::{ConnectionTracking, ConntrackCounters, UdpFlow, UdpFlows};
pub use content::{
    ContentNote, ContentPiece, JsonText, MessageKind, StreamKind, TarEntry, TarKind, WebSocketMessage,
};
pub use dns::{
    DnsAnswer, DnsLadder, DnsName, DnsOutcome, DnsPeer, DnsProbe, DnsQuestion, DnsReading, DnsRung,
    DnsRungKind, DnsRungState, DnsSettings, DnsSubject, DnsTransport, DnsTry, DnsVantage, DnsVerdict,
    DnsVisit, EngineRemarks, HostNames, HostsEntry, NameFiles, NameServer, NotedForwarder, RecordKind,
    ResolverFile, ResponseCode,
};
pub use ending::{Ending, ExecutableKind, Program};
pub use engine::{
    Aftermath, Container, ContainerLog, ContainerState, DefaultPool, Engine, EngineInfo, EngineKind,
    EngineSettings, EngineVersion, Health, HealthProbe, HealthStatus, Mount, MountKind, Network,
    NetworkAttachment, Platform, PortBinding, Subnet, TransportProtocol,
};
pub use engine_event::{EngineEvent, EngineTime, EventGap, EventNews};
pub use exchange::{
    Carrier, Client, ClientAddress, ConnectionId, Exchange, ExchangeEnd, ExchangeId, ExecCall, GrpcCall,
    MessageSize, Resource, ResourceKind, Upgrade,
};
pub use finding::{
    CheckCode, CheckOutcome, CheckResult, Confidence, Evidence, Finding, Remedy, Report, Severity, Subject,
    SubjectKind,
};
pub use firewall::Firewall;
pub use host::{Host, KernelModules, NetworkNamespace, NetworkStack, Privilege};
pub use ids::{
    ContainerId, Gid, InterfaceIndex, IpPrefix, MacAddress, NetnsId, NetworkId, Pid, Port, ShortId, Uid,
};
pub use kept_session::{Attached, KeptSession, SessionEnd, SessionWay};
pub use link::{
    AddressOrigin, BridgeDetails, BridgePort, BridgePortState, FdbEntry, InterfaceAddress, Link, LinkKind,
    LinkPeer, Neighbour, NeighbourState, OperationalState, PathMtu, Route, RouteKind, RoutingAction,
    RoutingRule,
};
pub use mend::{KernelChange, Mend, MendStep};
pub use netdb::{
    AddressPool, DatabaseFault, DriverEndpoint, DriverNetwork, ForwardedPort, LockHolder, Membership,
    NameForwarder, NetworkBackup, NetworkDatabase, NetworkStep, NetworksNow, SavedNetwork, Stored,
    StoredEndpoint, StoredNetwork, StoredRecord, StoredSandbox, StoredSubnet,
};
pub use observed::{Gap, GapKind, Observed};
pub use ports::{
    Barrier, Decision, MetRule, NetworkExit, PacketWay, PortChain, ProbeVerdict, ProbedStage, ProxyDuty,
    ProxyDutyKind, ProxyReview, ProxyState, PublishedPorts, Sender, StageProbe, WayEnd, WithoutProxy,
};
pub use probe::{
    IcmpError, IcmpReason, NameProbe, NameRequest, Obstacle, OutsidePlace, Probe, ProbeOutcome, ProbePlan,
    ProbeRequest, ProbeVantage, Probes, Refusal,
};
pub use process::{DockerProxy, Process};
pub use resources::{ContainerResources, DescriptorUse, MemoryUse, TaskUse};
pub use rule_trace::{
    PacketIdentity, RuleTraceEvent, TraceFlow, TraceStep, TraceVerdict, TracedHeaders, TracedPacket,
};
pub use scope::{Scope, Topic};
pub use secret::{MaskedText, Secrets};
pub use snapshot::{Snapshot, Timestamp};
pub use socket::{
    InternetSocket, Socket, SocketEndpoint, SocketOwner, SocketState, UnixSocket, UnixSocketKind,
};
pub use storage::{PathFacts, PathKind, Space, Storage};
pub use testbox::{PortTrial, TestboxReport, TrialOutcome};
pub use topology::{Topology, TopologyBridge, TopologyEnd, TopologyRow, TopologyUplink};
pub use traffic::{
    AnswerTimes, CallCount, Caller, ClientStatistics, ContainerNames, OperationStatistics, TrafficSummary,
};
pub use traffic_diff::{CallDifference, Change, ChangedCall, ChangedPart, DiffSide, TrafficDiff};
pub use walk::{
    Assumption, ChainReference, Discard, Outcome, Packet, PacketConnection, PacketHeader, PacketOrigin,
    RuleAction, RuleReference, Step, Translation, Transport, Walk, Way,
};
