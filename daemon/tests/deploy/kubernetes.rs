//! The manifests: what they name exists, what should be refused is refused. kubectl builds them where it is installed; no
//! cluster has run them here.

use serde_json::Value;

use crate::{assert_known, at, in_repository, output_of, read, support, texts, yaml};

const FOLDER: &str = "deploy/kubernetes";

fn manifest(name: &str) -> Value {
    yaml(&format!("{FOLDER}/{name}.yaml"))
}

/// The pod, and the daemon's container in it.
fn pod() -> (Value, Value) {
    let set = manifest("stateful-set");
    let pod = at(&set, "spec.template.spec").clone();
    let containers = at(&pod, "containers").as_array().unwrap();
    assert_eq!(containers.len(), 1);
    (pod.clone(), containers[0].clone())
}

fn named(list: &Value) -> Vec<&str> {
    list.as_array().unwrap().iter().map(|item| at(item, "name").as_str().unwrap()).collect()
}

#[test]
fn the_pod_may_do_little() {
    let (pod, container) = pod();
    assert_eq!(at(&pod, "automountServiceAccountToken"), false);
    assert_eq!(at(&pod, "securityContext.runAsNonRoot"), true);
    assert_eq!(at(&pod, "securityContext.seccompProfile.type"), "RuntimeDefault");
    assert_eq!(at(&container, "securityContext.allowPrivilegeEscalation"), false);
    assert_eq!(at(&container, "securityContext.readOnlyRootFilesystem"), true);
    assert_eq!(texts(at(&container, "securityContext.capabilities.drop")), ["ALL"]);
    assert!(at(&container, "resources.limits.memory").is_string());
    let namespace = manifest("namespace");
    assert_eq!(at(&namespace, "metadata.labels.pod-security~kubernetes~io/enforce"), "restricted");
}

#[test]
fn there_is_one_daemon_with_one_volume() {
    let set = manifest("stateful-set");
    assert_eq!(at(&set, "spec.replicas"), 1);
    let claims = at(&set, "spec.volumeClaimTemplates");
    assert_eq!(texts(at(claims, "0.spec.accessModes")), ["ReadWriteOnce"]);
    let (pod, container) = pod();
    let mut known = named(at(&pod, "volumes"));
    known.extend(claims.as_array().unwrap().iter().map(|claim| at(claim, "metadata.name").as_str().unwrap()));
    let mut mounted = named(at(&container, "volumeMounts"));
    known.sort_unstable();
    mounted.sort_unstable();
    assert_eq!(mounted, known);
    let mounts = at(&container, "volumeMounts").as_array().unwrap();
    let data = mounts.iter().find(|mount| at(mount, "name") == "data").unwrap();
    let image = read("deploy/docker/Dockerfile");
    assert!(image.contains(&format!("POINTSMAN_DB={}/", at(data, "mountPath").as_str().unwrap())));
}

#[test]
fn ports_and_probes_are_those_of_the_daemon() {
    let (_, container) = pod();
    let image = read("deploy/docker/Dockerfile");
    let ports = at(&container, "ports").as_array().unwrap();
    for port in ports {
        assert!(image.contains(&format!("=0.0.0.0:{}", at(port, "containerPort"))), "{port}");
    }
    let names = named(at(&container, "ports"));
    let service = manifest("service");
    for port in at(&service, "spec.ports").as_array().unwrap() {
        assert!(names.contains(&at(port, "targetPort").as_str().unwrap()), "{port}");
    }
    let policy = read(&format!("{FOLDER}/network-policy.yaml"));
    for name in &names {
        assert!(policy.contains(&format!("port: {name} ")), "the network policy forgets {name}");
    }
    let folder = tempfile::tempdir().unwrap();
    let daemon = support::Daemon::start(&folder.path().join("pointsman.db"), &[]);
    for probe in ["startupProbe", "livenessProbe", "readinessProbe"] {
        let asked = at(&container, probe);
        assert_eq!(at(asked, "httpGet.port"), "pages");
        let path = at(asked, "httpGet.path").as_str().unwrap();
        support::wait_for(path, || (daemon.get(path).status == 200).then_some(()));
    }
    let monitor = manifest("service-monitor");
    assert_eq!(daemon.get(at(&monitor, "spec.endpoints.0.path").as_str().unwrap()).status, 200);
}

/// The configuration, with the paths of a pod, is read without fault, and so are tokens that take the place of those here.
#[test]
fn configuration_and_secrets_fit_together() {
    let (pod, container) = pod();
    let environment = named(at(&container, "env"));
    assert_known(environment, "stateful-set.yaml");
    let secret = manifest("secret");
    let kept = at(&secret, "stringData").as_object().unwrap();
    let secrets = at(&pod, "volumes")
        .as_array()
        .unwrap()
        .iter()
        .find(|volume| at(volume, "name") == "secrets")
        .unwrap();
    let mounts = at(&container, "volumeMounts").as_array().unwrap();
    let mount = mounts.iter().find(|mount| at(mount, "name") == "secrets").unwrap();
    let mounted = at(mount, "mountPath").as_str().unwrap();

    let folder = tempfile::tempdir().unwrap();
    let config = read(&format!("{FOLDER}/pointsman.toml")).replace(mounted, folder.path().to_str().unwrap());
    let file = folder.path().join("pointsman.toml");
    let db = folder.path().join("pointsman.db");
    let mut mounted_files = Vec::new();
    for item in at(secrets, "secret.items").as_array().unwrap() {
        let (key, path) = (at(item, "key").as_str().unwrap(), at(item, "path").as_str().unwrap());
        assert!(config.contains(&format!("/{path}\"")), "{path} is mounted and not used");
        mounted_files.push((folder.path().join(path), kept[key].as_str().unwrap()));
    }
    std::fs::write(&file, config).unwrap();
    for (path, text) in &mounted_files {
        std::fs::write(path, text).unwrap();
    }
    let config = ["--config", file.to_str().unwrap()];
    let any = "127.0.0.1:0";
    let serve = ["serve", "--otlp-grpc", any, "--otlp-http", any, "--listen", any];
    let refused = support::pointsman(&db, [&config[..], &serve].concat());
    assert_eq!(
        refused.code,
        Some(1),
        "it starts with the tokens that stand in the repository: {}",
        refused.err
    );
    assert!(refused.err.contains("otlp-tokens"), "{}", refused.err);

    let token = "5f0c9a1be86d4a0bb1c2e7d09a3f46d1";
    for (path, text) in &mounted_files {
        std::fs::write(path, text.replace("REPLACE-ME", token)).unwrap();
    }
    let daemon = support::Daemon::start(&db, &config);
    assert_eq!(daemon.get("/healthz").status, 200);
    assert_eq!(daemon.get("/metrics").status, 401);
    let monitor = manifest("service-monitor");
    let key = at(&monitor, "spec.endpoints.0.authorization.credentials.key").as_str().unwrap();
    assert!(kept["metrics-tokens"].as_str().unwrap().ends_with(kept[key].as_str().unwrap()));
}

#[test]
fn the_kustomization_names_every_file() {
    let kustomization = manifest("kustomization");
    let mut listed = texts(at(&kustomization, "resources"));
    listed.extend(texts(at(&kustomization, "configMapGenerator.0.files")));
    listed.push("kustomization.yaml");
    listed.sort_unstable();
    let mut there: Vec<String> = std::fs::read_dir(in_repository(FOLDER))
        .unwrap()
        .map(|file| file.unwrap().file_name().into_string().unwrap())
        .collect();
    there.sort();
    assert_eq!(listed, there);
}

#[test]
fn kubectl_builds_the_manifests() {
    if std::process::Command::new("kubectl").arg("version").arg("--client").output().is_err() {
        eprintln!("left out: kubectl is not installed");
        return;
    }
    let mut kubectl = std::process::Command::new("kubectl");
    let built = output_of(kubectl.arg("kustomize").arg(in_repository(FOLDER)));
    let objects: Vec<Value> =
        built.split("\n---\n").map(|object| serde_saphyr::from_str(object).unwrap()).collect();
    assert_eq!(objects.len(), 8);
    let kind = |kind: &str| objects.iter().find(|object| at(object, "kind") == kind).unwrap();
    let set = kind("StatefulSet");
    let config = at(kind("ConfigMap"), "metadata.name").as_str().unwrap();
    assert!(at(set, "spec.template.spec.volumes").to_string().contains(&format!("\"{config}\"")));
    // Whoever selects, selects the pod.
    let label = "app.kubernetes.io/name";
    for (kind_name, path) in [
        ("Service", "spec.selector"),
        ("StatefulSet", "spec.selector.matchLabels"),
        ("NetworkPolicy", "spec.podSelector.matchLabels"),
        ("ServiceMonitor", "spec.selector.matchLabels"),
    ] {
        assert_eq!(
            at(kind(kind_name), path)[label],
            at(set, "spec.template.metadata.labels")[label],
            "{kind_name}"
        );
    }
}

/// The pods of collectors that share a database differ from the one daemon's in what follows from that.
#[test]
fn collectors_on_a_server_are_the_same_daemon_without_a_volume() {
    const FOLDER: &str = "deploy/kubernetes-postgres";
    let deployment = yaml(&format!("{FOLDER}/deployment.yaml"));
    assert!(at(&deployment, "spec.replicas").as_u64().unwrap() > 1);
    assert_eq!(at(&yaml(&format!("{FOLDER}/pod-disruption-budget.yaml")), "spec.minAvailable"), 1);
    let theirs = at(&deployment, "spec.template.spec");
    let container = at(theirs, "containers.0");
    let (_, one) = pod();
    for part in [
        "image",
        "args",
        "ports",
        "startupProbe",
        "livenessProbe",
        "readinessProbe",
        "resources",
        "securityContext",
    ] {
        assert_eq!(at(container, part), at(&one, part), "{part}");
    }
    let environment = named(at(container, "env"));
    assert!(environment.contains(&"POINTSMAN_DB"));
    let password = "POINTSMAN_STORE__PASSWORD_FILE";
    let env = at(container, "env").as_array().unwrap();
    let file = env.iter().find(|one| at(one, "name") == password).unwrap();
    let items = at(theirs, "volumes.1.secret.items").to_string();
    assert!(
        at(file, "value").as_str().unwrap().ends_with("/database-password")
            && items.contains("database-password")
    );
    let mut mounted = named(at(container, "volumeMounts"));
    let mut known = named(at(theirs, "volumes"));
    mounted.sort_unstable();
    known.sort_unstable();
    assert_eq!(mounted, known);
    if std::process::Command::new("kubectl").arg("version").arg("--client").output().is_err() {
        eprintln!("left out: kubectl is not installed");
        return;
    }
    let mut kubectl = std::process::Command::new("kubectl");
    let built = output_of(kubectl.arg("kustomize").arg(in_repository(FOLDER)));
    let objects: Vec<Value> =
        built.split("\n---\n").map(|object| serde_saphyr::from_str(object).unwrap()).collect();
    let kind = |kind: &str| objects.iter().find(|object| at(object, "kind") == kind);
    assert!(kind("StatefulSet").is_none());
    let config = at(kind("ConfigMap").unwrap(), "metadata.name").as_str().unwrap();
    let deployment = kind("Deployment").unwrap();
    assert!(at(deployment, "spec.template.spec.volumes").to_string().contains(&format!("\"{config}\"")));
    let label = "app.kubernetes.io/name";
    for kind_name in ["Deployment", "PodDisruptionBudget"] {
        let selects = at(kind(kind_name).unwrap(), "spec.selector.matchLabels");
        assert_eq!(selects[label], at(deployment, "spec.template.metadata.labels")[label], "{kind_name}");
    }
    assert!(at(kind("Secret").unwrap(), "stringData").get("database-password").is_some());
}
