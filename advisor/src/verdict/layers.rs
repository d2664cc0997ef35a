//! Routes that no move could be advised for, whatever their traffic: metadata files, Dispatchers and their Operations. A route that stands for a whole layer is never moved, and what may be said about one of
//! its Operations depends on whose code runs there. How the layer is recognized is the store's business.

use pointsman_store::{Handler, Layer};

use super::Decision;
use crate::rules::{Effect, Rule};

/// Improvements of an Operation that are true whatever router called it: they are about what runs there, or about who
/// calls it how often. All others speak of headers, methods and statuses, which the layer decides for all of it.
const HEARD: [&str; 4] = ["duplicate-get", "payload-diet", "sequential-waterfall", "server-self-fetch"];

/// Whether a rule is heard: a Dispatcher is many endpoints, of which no rule can speak at once, and the endpoints of a
/// library, like the files that Next.js serves by convention, are nobody's to change.
pub(super) fn hears(handler: &Handler, rule: &Rule) -> bool {
    let improves = rule.effect == Effect::Improves;
    let Some(layer) = handler.layer() else { return !(improves && handler.is_metadata_file()) };
    let own_code = handler.operation.is_some() && is_own_code(layer);
    own_code && (!improves || HEARD.contains(&rule.id))
}

/// The verdict on a Dispatcher or an Operation; `None` for any other route.
pub(super) fn decide(handler: &Handler) -> Option<Decision> {
    let layer = handler.layer()?;
    let route = &handler.route;
    let reason = match (&handler.operation, layer) {
        (None, layer) => format!(
            "{route} stands for a whole layer ({}): the layer cannot be judged as one handler, it stays",
            what(layer)
        ),
        (Some(_), Layer::Authentication) => {
            "it is an endpoint of an authentication library, which needs its URL, its cookies and its redirects as they are"
                .to_owned()
        }
        (Some(_), Layer::Library | Layer::Tunnel) => {
            "it is an endpoint of a library that calls it by its URL".to_owned()
        }
        (Some(operation), Layer::GraphQl) => {
            format!("{operation} is an operation of a GraphQL endpoint: its one URL serves all of them, so it stays")
        }
        (Some(operation), Layer::Procedures | Layer::Router) => format!(
            "{operation} is one operation of {route}: what the layer does around it (context, middleware, checks of the input, \
             its typed client) would have to move too, and telemetry does not show that, so it stays"
        ),
    };
    Some(Decision::keep(&reason, "").barred())
}

/// The verdict on a file that Next.js serves by convention; `None` for any other route.
pub(super) fn metadata_file(handler: &Handler) -> Option<Decision> {
    handler.is_metadata_file().then(|| {
        let reason = "Next.js serves it as a metadata file (icon, sitemap, manifest or preview image): there is nothing to move";
        Decision::keep(reason, "").barred()
    })
}

/// Whether the app's own code runs in the Operations of a layer.
fn is_own_code(layer: Layer) -> bool {
    matches!(layer, Layer::Procedures | Layer::GraphQl | Layer::Router)
}

fn what(layer: Layer) -> &'static str {
    match layer {
        Layer::Procedures => "procedures that are called by name",
        Layer::Authentication => "an authentication library",
        Layer::GraphQl => "a GraphQL endpoint",
        Layer::Library => "a library with a protocol of its own",
        Layer::Tunnel => "a tunnel for what browsers report",
        Layer::Router => "many endpoints behind one route",
    }
}
