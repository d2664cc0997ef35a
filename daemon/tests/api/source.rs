//! The app's source over the API: uploaded, given back, shown with the traffic; refused if it is another app's.

use serde_json::{Value, json};

use super::support::{pointsman, workspace};
use super::{Description, Reply, Shop, ask};

/// What `pointsman link` finds in the example app.
pub(crate) fn linked() -> Value {
    let storefront = workspace().join("examples/storefront");
    let none = workspace().join("none.db");
    let run = pointsman(&none, ["link", "--repo", storefront.to_str().unwrap()]);
    assert_eq!(run.code, Some(0), "{}", run.err);
    assert!(run.err.contains("call sites"), "{}", run.err);
    serde_json::from_str(&run.out).unwrap()
}

pub(crate) fn upload(shop: &Shop, source: &Value) -> Reply {
    let origin = format!("http://{}", shop.daemon.pages);
    ask(shop.daemon.pages, "PUT", "/api/v1/source", &[("origin", &origin)], &source.to_string())
}

#[test]
fn the_source_is_taken_given_back_and_named_by_reports_and_pages() {
    let shop = Shop::open();
    let description = Description::of(&shop.daemon);
    assert_eq!(shop.daemon.get("/api/v1/source").status, 404);
    let source = linked();
    let taken = upload(&shop, &source);
    assert_eq!(taken.status, 200, "{}", taken.body);
    description.check("put", "/api/v1/source", &taken);
    assert_eq!(shop.daemon.get("/api/v1/source").json(), source);

    let moved = shop.judged("move_to_server_action").remove(0);
    assert_eq!(moved["source"]["defined"], json!({ "file": "app/api/cart/route.ts", "line": 8 }));
    let site = &moved["source"]["call_sites"][0];
    assert_eq!((&site["file"], &site["refreshes"]), (&json!("components/AddToCart.tsx"), &json!(true)));
    let steps = moved["steps"].to_string();
    assert!(
        steps.contains("app/api/cart/route.ts:8") && steps.contains("components/AddToCart.tsx:"),
        "{steps}"
    );
    let id = moved["id"].as_str().unwrap();
    let evidence = shop.daemon.get(&format!("/api/v1/handlers/{id}")).json()["evidence"]["source"].clone();
    assert_eq!(evidence, moved["source"]);
    let page = shop.daemon.get(&format!("/handlers/{id}")).body;
    assert!(page.contains("In the source") && page.contains("components/AddToCart.tsx:"), "{page}");
    let report = shop.daemon.get("/api/v1/reports/latest").json();
    let lacks = |row: &&Value| row["source"].is_object() && row["source"]["defined"].is_null();
    let lacking: Vec<&Value> = report["handlers"].as_array().unwrap().iter().filter(lacks).collect();
    // The recording is of a time when this was a GET.
    let [older] = lacking[..] else { panic!("{lacking:?}") };
    assert_eq!((&older["route"], &older["method"]), (&json!("/api/returns/[id]"), &json!("GET")));
    assert_eq!(report["source"]["expected"], json!(report["source"]["matched"].as_u64().unwrap() + 1));
}

#[test]
fn what_is_not_this_apps_source_is_refused_with_the_reason() {
    let shop = Shop::open();
    let description = Description::of(&shop.daemon);
    let source = linked();
    let mut other = source.clone();
    other["handlers"] = json!([]);
    let refused = upload(&shop, &other);
    assert_eq!(refused.status, 409, "{}", refused.body);
    assert!(refused.body.contains("another app"), "{}", refused.body);
    description.check_problem(&refused);
    let mut later = source.clone();
    later["schema"] = json!("pointsman.source/v2");
    for (body, status) in [(later, 400), (json!({ "handlers": [] }), 400), (json!("text"), 400)] {
        let refused = upload(&shop, &body);
        assert_eq!(refused.status, status, "{}", refused.body);
        description.check_problem(&refused);
    }
    let path = "/api/v1/source?service=nobody";
    let origin = format!("http://{}", shop.daemon.pages);
    let unknown = ask(shop.daemon.pages, "PUT", path, &[("origin", &origin)], &source.to_string());
    assert_eq!(unknown.status, 404, "{}", unknown.body);
    for headers in [&[][..], &[("origin", "https://evil.example")]] {
        assert_eq!(ask(shop.daemon.pages, "PUT", "/api/v1/source", headers, &source.to_string()).status, 403);
    }
    assert_eq!(shop.daemon.get("/api/v1/source").status, 404, "nothing of it was kept");
}
