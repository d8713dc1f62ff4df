//! What is typed after `dig`: a server, a name, a type and `+options`, in any order.

use std::net::IpAddr;
use std::time::Duration;

use hickory_resolver::proto::rr::{Name, RecordType};

use super::{Request, Shown};
use crate::net::names::Family;
use crate::net::tool::Failure;

pub(super) fn parse(words: &[String]) -> Result<Request, Failure> {
    let mut request = Request {
        server: None,
        port: 53,
        family: Family::Any,
        name: Name::root(),
        kind: RecordType::NS,
        tcp: false,
        recursion: true,
        patience: Duration::from_secs(5),
        tries: 2,
        short: false,
        shown: Shown::all(true),
    };
    let (mut name, mut kind) = (None, None);
    let mut words = words.iter().map(String::as_str);
    while let Some(word) = words.next() {
        let mut value = |what| words.next().ok_or_else(|| Failure::usage(format!("{word} takes {what}")));
        match word {
            "-x" => {
                let address = value("an address")?;
                let parsed: IpAddr =
                    address.parse().map_err(|_| Failure::usage(format!("{address:?} is no IP address")))?;
                name = Some(Name::from(parsed));
                kind = Some(RecordType::PTR);
            }
            "-p" => request.port = number(value("a port")?)?,
            "-t" => kind = Some(record_type(value("a type")?)?),
            "-q" => name = Some(domain(value("a name")?)?),
            "-4" => request.family = Family::V4,
            "-6" => request.family = Family::V6,
            "IN" | "in" => {}
            _ => match (word.strip_prefix('@'), word.strip_prefix('+')) {
                (Some(server), _) => request.server = Some(server.to_owned()),
                (_, Some(option)) => set(&mut request, option)?,
                _ if word.starts_with('-') => return Err(unknown(word)),
                _ => match word.to_uppercase().parse() {
                    Ok(known) if kind.is_none() => kind = Some(known),
                    _ if name.is_none() => name = Some(domain(word)?),
                    _ => return Err(Failure::usage(format!("{word:?}: one name and one type are enough"))),
                },
            },
        }
    }
    if let Some(name) = name {
        request.name = name;
        request.kind = kind.unwrap_or(RecordType::A);
    } else if let Some(kind) = kind {
        request.kind = kind;
    }
    Ok(request)
}

fn set(request: &mut Request, option: &str) -> Result<(), Failure> {
    let (on, name) = match option.strip_prefix("no") {
        Some(name) => (false, name),
        None => (true, option),
    };
    match name {
        "short" => request.short = on,
        "tcp" | "vc" => request.tcp = on,
        "recurse" | "rec" => request.recursion = on,
        "all" => request.shown = Shown::all(on),
        "comments" => request.shown.comments = on,
        "question" => request.shown.question = on,
        "answer" => request.shown.answer = on,
        "authority" => request.shown.authority = on,
        "additional" => request.shown.additional = on,
        "stats" => request.shown.stats = on,
        _ => match name.split_once('=') {
            Some(("time", seconds)) => request.patience = Duration::from_secs(number::<u64>(seconds)?.max(1)),
            Some(("tries", tries)) => request.tries = number::<u32>(tries)?.max(1),
            Some(("retry", again)) => request.tries = number::<u32>(again)?.saturating_add(1),
            _ => return Err(unknown(&format!("+{option}"))),
        },
    }
    Ok(())
}

fn domain(word: &str) -> Result<Name, Failure> {
    let name = Name::from_utf8(word);
    let mut name = name.map_err(|error| Failure::usage(format!("{word:?} is no name: {error}")))?;
    name.set_fqdn(true);
    Ok(name)
}

fn record_type(word: &str) -> Result<RecordType, Failure> {
    word.to_uppercase().parse().map_err(|_| Failure::usage(format!("{word:?} is no type of records")))
}

fn number<T: std::str::FromStr>(word: &str) -> Result<T, Failure> {
    word.parse().map_err(|_| Failure::usage(format!("{word:?} is no number that fits")))
}

fn unknown(word: &str) -> Failure {
    Failure::usage(format!("unknown option {word}; --help lists what there is"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(line: &str) -> Result<Request, Failure> {
        let words: Vec<String> = line.split_whitespace().map(Into::into).collect();
        parse(&words)
    }

    #[test]
    fn words_in_any_order() {
        for line in ["+short AAAA db.test @10.0.0.1 -p 5353", "@10.0.0.1 db.test aaaa +short -p 5353"] {
            let request = parsed(line).unwrap();
            assert_eq!((request.name.to_string(), request.kind), ("db.test.".to_owned(), RecordType::AAAA));
            assert_eq!(
                (request.server.as_deref(), request.port, request.short),
                (Some("10.0.0.1"), 5353, true)
            );
        }
        let reverse = parsed("-x 172.17.0.2 +noall +answer +time=1").unwrap();
        assert_eq!(reverse.name.to_string(), "2.0.17.172.in-addr.arpa.");
        assert!(reverse.shown.answer && !reverse.shown.comments && reverse.patience.as_secs() == 1);
    }

    #[test]
    fn what_is_unknown_is_a_usage_error() {
        for line in ["+frob db", "-z db", "-x db", "db A extra", "-t NOTYPE db", "-p"] {
            assert_eq!(parsed(line).unwrap_err().code(), 2, "{line}");
        }
    }
}
