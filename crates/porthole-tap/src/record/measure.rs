//! temp
use porthole_model::*;
use std::time::*;
use crate::{Kept, Message, Finished, Event, Sink, budget::Budget};
fn message(budget: &Budget, head: &[u8], body: &[u8]) -> Option<Message> {
    let mut h = Kept::new(budget, 1<<20); h.push(head);
    let mut b = Kept::new(budget, 65536); b.push(body);
    Some(Message { head: h, body: b, withheld: false })
}
#[test]
fn measure() {
    for size in [0usize, 2_000, 20_000] {
        let d = tempfile::tempdir().unwrap();
        let path = d.path().join("x");
        let mut s = super::RecordSettings::new("0", "x"); s.waiting_lines = 1<<30; s.waiting_bodies = 1<<30;
        let r = super::Recorder::create(&path, s).unwrap();
        let sink = r.sink();
        let budget = Budget::new(1<<31);
        let mut body = String::from("{\"Env\":[");
        let mut i = 0; while body.len() < size { body.push_str(&format!("\"NAME_{i}=value{}\",", i*7919)); i+=1; }
        let n = 20_000u64;
        let n = if size > 10_000 { 5_000 } else { n };
        let begun = Instant::now();
        for id in 1..=n {
            let gap = Gap::not_asked("x");
            let exchange = Exchange { id: ExchangeId(id), connection: ConnectionId(1), client: Client::unresolved(ClientAddress::Unix{pid:None,uid:Uid(0),gid:Gid(0)}, &gap), started: Timestamp(1), method: "GET".into(), target: "/v1.51/containers/x/json".into(), api_version: Some("1.51".into()), operation: Some("ContainerInspect".into()), resource: None, status: Some(200), request: MessageSize::default(), answer: MessageSize{head:200,body:body.len() as u64}, first_byte: None, duration: Duration::from_millis(1), upgraded: None, failure: None, end: ExchangeEnd::Complete };
            let f = Finished { exchange, request: message(&budget, b"Host: d\r\nUser-Agent: Docker-Client/28\r\n", b""), answer: message(&budget, b"Content-Type: application/json\r\nServer: Docker/28\r\n", body.as_bytes()) };
            sink.offer(Event::Finished(Box::new(f))).unwrap();
        }
        let offered = begun.elapsed();
        r.finish().unwrap();
        let all = begun.elapsed();
        println!("body {size}: offered {offered:?}, all {all:?}, {:.0} rows/s, {} MB", n as f64/all.as_secs_f64(), std::fs::metadata(&path).unwrap().len()>>20);
    }
}
