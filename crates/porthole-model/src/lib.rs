//! The nouns of porthole: what was observed on a host, what is missing and why, and what was found.
//!
//! Every other crate speaks in these types; none of them reads, decides or prints.

mod audit;
mod content;
mod dns;
mod ending;
mod engine;
mod exchange;
mod finding;
mod host;
mod ids;
mod link;
mod observed;
mod process;
mod scope;
mod secret;
mod snapshot;
mod socket;
mod testbox;
mod topology;
mod traffic;
mod traffic_diff;

pub use audit::{AuditEnd, AuditFault, AuditFile, AuditNote};
pub use content::{
    ContentNote, ContentPiece, JsonText, MessageKind, StreamKind, TarEntry, TarKind, WebSocketMessage,
};
pub use dns::{
    DnsAnswer, DnsLadder, DnsName, DnsOutcome, DnsPeer, DnsProbe, DnsQuestion, DnsReading, DnsRung,
    DnsRungKind, DnsRungState, DnsSettings, DnsSubject, DnsTransport, DnsTry, DnsVantage, DnsVerdict,
    DnsVisit, EngineRemarks, HostsEntry, NameServer, NotedForwarder, RecordKind, ResolverFile, ResponseCode,
};
pub use ending::{Ending, ExecutableKind, Program};
pub use engine::{
    Container, ContainerState, Engine, EngineInfo, EngineKind, EngineVersion, Health, HealthStatus, Mount,
    MountKind, Network, NetworkAttachment, PortBinding, Subnet, TransportProtocol,
};
pub use exchange::{
    Carrier, Client, ClientAddress, ConnectionId, Exchange, ExchangeEnd, ExchangeId, ExecCall, GrpcCall,
    MessageSize, Resource, ResourceKind, Upgrade,
};
pub use finding::{
    CheckCode, CheckOutcome, CheckResult, Confidence, Evidence, Finding, Remedy, Report, Severity, Subject,
    SubjectKind,
};
pub use host::{Host, NetworkNamespace, NetworkStack, Privilege};
pub use ids::{
    ContainerId, Gid, InterfaceIndex, IpPrefix, MacAddress, NetnsId, NetworkId, Pid, Port, ShortId, Uid,
};
pub use link::{
    BridgeDetails, BridgePort, BridgePortState, FdbEntry, InterfaceAddress, Link, LinkKind, LinkPeer,
    Neighbour, NeighbourState, OperationalState, Route, RouteKind,
};
pub use observed::{Gap, GapKind, Observed};
pub use process::{DockerProxy, Process};
pub use scope::{Scope, Topic};
pub use secret::{MaskedText, Secrets};
pub use snapshot::{Snapshot, Timestamp};
pub use socket::{
    InternetSocket, Socket, SocketEndpoint, SocketOwner, SocketState, UnixSocket, UnixSocketKind,
};
pub use testbox::{PortTrial, TestboxReport, TrialOutcome};
pub use topology::{Topology, TopologyBridge, TopologyEnd, TopologyRow, TopologyUplink};
pub use traffic::{
    AnswerTimes, CallCount, Caller, ClientStatistics, ContainerNames, OperationStatistics, TrafficSummary,
};
pub use traffic_diff::{CallDifference, Change, ChangedCall, ChangedPart, DiffSide, TrafficDiff};
