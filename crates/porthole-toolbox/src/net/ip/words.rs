//! What is typed after `ip`: options anywhere before the object, objects and verbs by any beginning of theirs.

use super::{Object, Request, Table};
use crate::net::names::Family;
use crate::net::tool::Failure;

/// Objects and the shortest beginning that means them.
const OBJECTS: [(&str, &str, Object); 4] = [
    ("address", "a", Object::Address),
    ("link", "l", Object::Link),
    ("route", "r", Object::Route),
    ("neighbour", "n", Object::Neighbour),
];

pub(super) fn parse(words: &[String]) -> Result<Request, Failure> {
    let mut request = Request::default();
    let mut words = words.iter().map(String::as_str).peekable();
    while let Some(option) = words.next_if(|word| word.starts_with('-')) {
        match option {
            "-4" => request.family = Family::V4,
            "-6" => request.family = Family::V6,
            "-br" | "-brief" | "--brief" => request.brief = true,
            "-j" | "-json" | "--json" => request.json = true,
            "-o" | "-oneline" | "-c" | "-color" | "-n" => {}
            _ => return Err(unknown("option", option)),
        }
    }
    let Some(word) = words.next() else { return Err(Failure::usage("name an object; --help lists them")) };
    request.object = object(word)?;
    verb(&mut request, &mut words)?;
    Ok(request)
}

fn object(word: &str) -> Result<Object, Failure> {
    let word = if word == "neighbor" { "neighbour" } else { word };
    let found =
        OBJECTS.into_iter().find(|(name, least, _)| name.starts_with(word) && word.starts_with(least));
    found.map(|(.., object)| object).ok_or_else(|| unknown("object", word))
}

fn verb<'a>(request: &mut Request, words: &mut impl Iterator<Item = &'a str>) -> Result<(), Failure> {
    let mut value = None;
    while let Some(word) = value.take().or_else(|| words.next()) {
        match word {
            "show" | "list" | "ls" | "lst" | "sh" | "s" => {}
            "get" | "g" if request.object == Object::Route => {
                let address = words.next().ok_or_else(|| Failure::usage("route get takes an address"))?;
                let parsed = address.parse();
                let parsed = parsed.map_err(|_| Failure::usage(format!("{address:?} is no IP address")))?;
                request.object = Object::RouteTo(parsed);
            }
            "add" | "del" | "delete" | "set" | "flush" | "replace" | "change" | "append" => {
                return Err(Failure::usage(format!("{word}: this ip shows and changes nothing")));
            }
            "table" if request.object == Object::Route => request.table = table(words.next())?,
            "dev" => {
                let name = words.next().ok_or_else(|| Failure::usage("dev takes the name of a device"))?;
                request.device = Some(name.to_owned());
            }
            _ if matches!(request.object, Object::Address | Object::Link) && request.device.is_none() => {
                request.device = Some(word.to_owned());
            }
            _ => return Err(unknown("word", word)),
        }
    }
    Ok(())
}

fn table(word: Option<&str>) -> Result<Table, Failure> {
    match word {
        Some("all") => Ok(Table::All),
        Some("main") => Ok(Table::Number(254)),
        Some("local") => Ok(Table::Number(255)),
        Some("default") => Ok(Table::Number(253)),
        Some(word) => word
            .parse()
            .map(Table::Number)
            .map_err(|_| Failure::usage(format!("{word:?} is no table: all, main, local or a number"))),
        None => Err(Failure::usage("table takes all, main, local or a number")),
    }
}

fn unknown(what: &str, word: &str) -> Failure {
    Failure::usage(format!("unknown {what} {word:?}; --help lists what there is"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(line: &str) -> Result<Request, i32> {
        let words: Vec<String> = line.split_whitespace().map(Into::into).collect();
        parse(&words).map_err(|failure| failure.code())
    }

    #[test]
    fn beginnings_and_options() {
        let brief = Request { brief: true, device: Some("eth0".into()), ..Request::default() };
        assert_eq!(parsed("-br a show dev eth0"), Ok(brief));
        let route =
            Request { object: Object::RouteTo([1, 1, 1, 1].into()), json: true, ..Request::default() };
        assert_eq!(parsed("-j r g 1.1.1.1"), Ok(route));
        let local = Request { object: Object::Route, table: Table::Number(255), ..Request::default() };
        assert_eq!(parsed("route show table local"), Ok(local));
    }

    #[test]
    fn what_changes_or_is_unknown_is_a_usage_error() {
        for line in ["", "-x addr", "frobnicate", "addr add 10.0.0.1/8 dev lo", "route get", "neigh what"] {
            assert_eq!(parsed(line), Err(2), "{line}");
        }
    }
}
