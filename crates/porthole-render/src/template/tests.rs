//! Templates that users write, right and wrong.

use std::collections::BTreeMap;

use super::*;
use crate::json::{TemplateContainer, TemplateNetwork};

fn container(name: &str, ipv4: Option<&str>) -> TemplateContainer {
    let network =
        TemplateNetwork { ipv4: ipv4.map(str::to_owned), ipv6: None, mac: None, aliases: Vec::new() };
    TemplateContainer {
        id: "ab".repeat(32),
        name: name.to_owned(),
        image: "shop:1".to_owned(),
        state: "running".to_owned(),
        health: None,
        ready: true,
        labels: BTreeMap::from([("tier".to_owned(), "web".to_owned())]),
        environment: BTreeMap::new(),
        network_mode: "shop".to_owned(),
        networks: BTreeMap::from([("shop".to_owned(), network)]),
        published_ports: Vec::new(),
        exposed_ports: Vec::new(),
        created: None,
        started: None,
    }
}

fn filled(text: &str) -> Result<String, String> {
    let containers = vec![container("one", Some("10.0.0.2")), container("two", Some("10.0.0.3"))];
    let template = Template::parse("lb.j2", text).map_err(|error| error.to_string())?;
    template.fill(&TemplateData { containers }).map_err(|error| error.to_string())
}

#[test]
fn containers_fill_a_template_line_by_line() {
    let text = "servers:\n{% for container in containers if container.labels.tier == \"web\" %}\n  \
                {{ container.name }} {{ container.networks.shop.ipv4 }} {{ container.health or \"unchecked\" }}\n\
                {% endfor %}\nend\n";
    assert_eq!(filled(text).unwrap(), "servers:\n  one 10.0.0.2 unchecked\n  two 10.0.0.3 unchecked\nend\n");
    assert_eq!(filled("{{ containers | map(attribute=\"name\") | join(\", \") }}").unwrap(), "one, two");
    assert_eq!(filled("{{ range(2) | list | length }}").unwrap(), "2");
    assert_eq!(filled("<{{ containers[0].image }}> & more").unwrap(), "<shop:1> & more");
}

#[test]
fn labels_and_networks_are_the_users_own_names() {
    assert_eq!(filled("{{ containers[0].labels[\"port\"] | default(80) }}").unwrap(), "80");
    assert_eq!(filled("{{ 1 if \"port\" in containers[0].labels else 2 }}").unwrap(), "2");
    assert_eq!(filled("{{ 1 if containers[0].networks.other is defined else 2 }}").unwrap(), "2");
    assert_eq!(filled("{{ 1 if containers[0].labels.port | default(0) == \"80\" else 2 }}").unwrap(), "2");
    assert_eq!(filled("{{ 1 if containers[0].labels.port else 2 }}").unwrap(), "2");
    assert_eq!(filled("{{ containers[0].labels.port or 80 }}").unwrap(), "80");
    let shown = filled(
        "{% for name, network in containers[0].networks | items %}{{ name }}={{ network.ipv4 }}{% endfor %}",
    );
    assert_eq!(shown.unwrap(), "shop=10.0.0.2");
}

#[test]
fn what_is_misspelt_is_an_error_with_its_line() {
    for (text, place, word) in [
        ("a\n{{ containers[0].nmae }}\n", "lb.j2:2: ", "nothing is called `nmae` here"),
        ("a\n\n{% if containers[0].stat == \"x\" %}{% endif %}", "lb.j2:3: ", "`stat`"),
        ("{% for c in container %}{% endfor %}", "lb.j2:1: ", "`container` here; there is containers"),
        ("{% if contaners == 1 %}{% endif %}", "lb.j2:1: ", "`contaners`"),
        ("{{ containers[0].labels.prot }}", "lb.j2:1: ", "`containers[0].labels.prot` is undefined; where"),
        ("{% if containers[0].labels.prot == 1 %}{% endif %}", "lb.j2:1: ", "| default("),
        ("{{ containers[0].networks.other.ipv4 }}", "lb.j2:1: ", "networks.other` is undefined"),
        ("{{ containers[7].name }}", "lb.j2:1: ", "is undefined"),
        ("{{ containers[0].name | uper }}", "lb.j2:1: ", "uper"),
        ("a\n{% for x in containers %}", "lb.j2:2: ", "syntax error"),
        ("a\n\n{{ containers[0].health }}", "lb.j2:3: ", "the value is none"),
        ("{% include \"other\" %}", "lb.j2:1: ", "other"),
    ] {
        let error = filled(text).unwrap_err();
        assert!(error.starts_with(place) && error.contains(word), "{text}: {error}");
    }
}

#[test]
fn a_template_that_goes_on_for_ever_is_ended() {
    let endless = "{% for a in range(9999) %}{% for b in range(9999) %}{% endfor %}{% endfor %}";
    let error = filled(endless).unwrap_err();
    assert!(error.contains("50000000 steps"), "{error}");
}

#[test]
fn everything_that_a_template_is_given_is_in_the_documentation() {
    let page = include_str!("../../../../docs/templates.md");
    let data = TemplateData { containers: vec![container("one", None)] };
    let json = serde_json::to_value(&data).unwrap();
    for name in json["containers"][0].as_object().unwrap().keys() {
        assert!(page.contains(&format!("`{name}`")), "{name}");
    }
}
