//! `deploy/compose.yaml`, `deploy/compose-postgres.yaml` and what they mount. No engine runs here, so paths, ports, users and names
//! are held against the repository, the images and the program.

use serde_json::Value;

use crate::{assert_known, at, in_repository, read, texts, yaml};

const COMPOSE: &str = "deploy/compose.yaml";
/// Two collectors on a server.
const ON_A_SERVER: &str = "deploy/compose-postgres.yaml";

/// The services of a file, with what `<<` merges in.
fn services(file: &str) -> Vec<(String, Value)> {
    let compose = yaml(file);
    let services = at(&compose, "services").as_object().unwrap();
    services.iter().map(|(name, service)| (name.clone(), service.clone())).collect()
}

fn service(name: &str) -> Value {
    services(COMPOSE).into_iter().find(|(known, _)| known == name).unwrap().1
}

#[test]
fn every_service_is_hardened_and_published_to_this_machine_only() {
    let all = [COMPOSE, ON_A_SERVER].map(services);
    assert_eq!(all.each_ref().map(Vec::len), [4, 4]);
    for (name, service) in all.concat() {
        assert_eq!(at(&service, "read_only"), true, "{name}");
        assert_eq!(texts(at(&service, "cap_drop")), ["ALL"], "{name}");
        assert_eq!(texts(at(&service, "security_opt")), ["no-new-privileges:true"], "{name}");
        assert!(service.get("privileged").is_none() && service.get("user").is_none(), "{name}");
        assert!(service.get("cap_add").is_none() || name == "database", "{name}");
        for port in service.get("ports").map(texts).unwrap_or_default() {
            assert!(port.starts_with("127.0.0.1:"), "{name}: {port}");
        }
    }
}

#[test]
fn every_path_that_is_named_is_in_the_repository_and_every_volume_is_declared() {
    for file in [COMPOSE, ON_A_SERVER] {
        let compose = yaml(file);
        let declared = |what: &str| compose.get(what).into_iter().flat_map(names).collect::<Vec<_>>();
        let mut used = Vec::new();
        for (name, service) in services(file) {
            if let Some(build) = service.get("build") {
                assert_eq!(at(build, "context"), "..", "{name}");
                let file = at(build, "dockerfile").as_str().unwrap();
                assert!(in_repository(file).is_file(), "{name}: {file}");
                assert!(
                    in_repository(format!("{file}.dockerignore")).is_file(),
                    "{name}: {file}.dockerignore"
                );
            }
            for volume in service.get("volumes").map(texts).unwrap_or_default() {
                let (from, to) = volume.split_once(':').unwrap();
                match from.starts_with('.') {
                    true => {
                        assert!(in_repository("deploy").join(from).exists(), "{name}: {from}");
                        assert!(
                            to.ends_with(":ro"),
                            "{name}: {volume} is of the repository and may be written"
                        );
                    }
                    false => used.push(from.to_owned()),
                }
            }
            for other in service.get("depends_on").into_iter().flat_map(names) {
                assert!(declared("services").contains(&other), "{name} waits for {other}");
            }
            for secret in service.get("secrets").map(texts).unwrap_or_default() {
                assert!(declared("secrets").contains(&secret), "{name} reads {secret}");
            }
        }
        used.sort();
        assert_eq!(used, declared("volumes"), "{file}");
    }
}

/// The elements of a list or the keys of a map.
fn names(value: &Value) -> Vec<&str> {
    value.as_object().map_or_else(|| texts(value), |map| map.keys().map(String::as_str).collect())
}

#[test]
fn the_daemon_is_configured_with_what_it_knows_and_reached_where_it_listens() {
    let daemon = service("pointsman");
    let set = at(&daemon, "environment").as_object().unwrap();
    assert_known(set.keys(), COMPOSE);
    let image = read("deploy/docker/Dockerfile");
    let exposed: Vec<&str> =
        image.lines().find_map(|line| line.strip_prefix("EXPOSE ")).unwrap().split(' ').collect();
    let mut published: Vec<&str> =
        texts(at(&daemon, "ports")).iter().map(|port| port.rsplit(':').next().unwrap()).collect();
    published.sort_unstable();
    assert_eq!(published, exposed);
    for port in exposed {
        assert!(image.contains(&format!("=0.0.0.0:{port}")), "nothing listens on {port}");
    }
    // The volume is where the image keeps its file.
    let volume = format!(":{}", image.lines().find_map(|line| line.strip_prefix("VOLUME ")).unwrap());
    assert!(texts(at(&daemon, "volumes"))[0].ends_with(&volume));
    assert!(image.contains(&format!("POINTSMAN_DB={}/", &volume[1..])));

    let scraped = yaml("deploy/prometheus/prometheus.yml");
    let target = at(&scraped, "scrape_configs.0.static_configs.0.targets.0").as_str().unwrap();
    let (host, port) = target.split_once(':').unwrap();
    assert_eq!(
        (host, set["POINTSMAN_METRICS_LISTEN"].as_str()),
        ("pointsman", Some(format!("0.0.0.0:{port}").as_str()))
    );

    let app = service("storefront");
    assert_eq!(at(&app, "environment.OTEL_EXPORTER_OTLP_ENDPOINT"), "http://pointsman:4318");
    assert_eq!(at(&app, "environment.POINTSMAN_HASH_SECRET"), &set["POINTSMAN_HASH_SECRET"]);
}

#[test]
fn collectors_on_a_server_are_one_image_and_reached_by_the_names_of_the_proxy() {
    let services = services(ON_A_SERVER);
    let proxy = read("deploy/haproxy/haproxy.cfg");
    let collectors: Vec<_> = services.iter().filter(|(name, _)| name.starts_with("collector-")).collect();
    assert_eq!(collectors.len(), 2);
    for (name, collector) in &collectors {
        assert_eq!(collector, &collectors[0].1);
        assert_known(at(collector, "environment").as_object().unwrap().keys(), ON_A_SERVER);
        for port in [4317, 4318, 4400] {
            assert!(proxy.contains(&format!(" {name}:{port} ")), "{name} gets nothing on {port}");
        }
    }
    let (_, address) = services.iter().find(|(name, _)| name == "address").unwrap();
    for port in texts(at(address, "ports")) {
        let within = port.rsplit(':').next().unwrap();
        assert!(proxy.contains(&format!("bind :{within}\n")), "nothing listens on {within}");
    }
}

/// The engine gives it longer to stop than it takes at most.
#[test]
fn the_engine_waits_for_the_end() {
    assert_eq!(at(&service("pointsman"), "stop_grace_period"), "40s");
    assert_eq!(at(&yaml(ON_A_SERVER), "x-collector.stop_grace_period"), "40s");
    let pods = yaml("deploy/kubernetes/stateful-set.yaml");
    assert_eq!(at(&pods, "spec.template.spec.terminationGracePeriodSeconds"), 40);
}

#[test]
fn grafana_and_prometheus_find_what_is_mounted_for_them() {
    let mounted = |service_name: &str, at_path: &str| {
        let service = service(service_name);
        texts(at(&service, "volumes")).iter().find_map(|volume| {
            let (from, to) = volume.split_once(':')?;
            (to == format!("{at_path}:ro")).then(|| from.to_owned())
        })
    };
    let dashboards = yaml("deploy/grafana/provisioning/dashboards/pointsman.yaml");
    let path = at(&dashboards, "providers.0.options.path").as_str().unwrap();
    assert_eq!(mounted("grafana", path).as_deref(), Some("../dashboards"));
    assert_eq!(mounted("grafana", "/etc/grafana/provisioning").as_deref(), Some("./grafana/provisioning"));
    let scraped = yaml("deploy/prometheus/prometheus.yml");
    let rules = at(&scraped, "rule_files.0").as_str().unwrap();
    let found = mounted("prometheus", &format!("/etc/prometheus/{rules}"));
    assert_eq!(found.as_deref(), Some("../dashboards/pointsman.rules.yml"));
    let source = yaml("deploy/grafana/provisioning/datasources/prometheus.yaml");
    let port = at(&source, "datasources.0.url").as_str().unwrap().rsplit(':').next().unwrap().to_owned();
    assert_eq!(at(&service("prometheus"), "ports.0"), format!("127.0.0.1:{port}:{port}").as_str());
}

#[test]
fn prometheus_accepts_its_configuration() {
    let Some(mut promtool) = crate::program("promtool", "prometheus") else { return };
    let folder = tempfile::tempdir().unwrap();
    for (from, to) in [
        ("deploy/prometheus/prometheus.yml", "prometheus.yml"),
        ("dashboards/pointsman.rules.yml", "pointsman.rules.yml"),
    ] {
        std::fs::copy(in_repository(from), folder.path().join(to)).unwrap();
    }
    crate::output_of(promtool.args(["check", "config"]).arg(folder.path().join("prometheus.yml")));
}
